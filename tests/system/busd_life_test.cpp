// A busd's life: start, stop, handing over, death; and what becomes of its clients meanwhile.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <random>
#include <thread>

#include "busd.hpp"
#include "support/ipc_namespace.hpp"
#include "support/role.hpp"
#include "wire/control.hpp"

namespace bus::test {
namespace {

std::vector<std::string> files_in(std::string const& folder) {
    std::vector<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
    return names;
}

// Opens a session with a publisher and a subscription, and lives until it is killed.
BUS_TEST_ROLE(client) {
    auto raw = RawClient::open(role.args().at(0));
    role.require(raw.has_value(), raw ? "" : raw.error().what());
    role.require((*raw)->publisher("from/" + role.args().at(0)).has_value(), "publisher");
    role.require((*raw)->subscription("from/*").has_value(), "subscription");
    role.say("ready");
    if (role.hear() == "exec") ::execl("/bin/sleep", "sleep", "1000", nullptr);
    return 0;
}

// Makes and removes publishers and subscriptions until told to stop, then leaves with nothing of them there.
BUS_TEST_ROLE(churn) {
    auto raw = RawClient::open("churn");
    role.require(raw.has_value(), raw ? "" : raw.error().what());
    std::string const name = role.args().at(0);
    role.say("ready");
    for (int round = 0;; ++round) {
        auto const ring = (*raw)->publisher(name + "/" + std::to_string(round % 3));
        role.require(ring.has_value(), ring ? "" : "publisher: " + ring.error().what());
        auto const reader = (*raw)->subscription(round % 2 == 0 ? "*/*" : name + "/" + std::to_string(round % 3));
        role.require(reader.has_value(), reader ? "" : "subscription: " + reader.error().what());
        v1::Request remove;
        remove.mutable_remove_publisher()->set_ring_id(ring->id());
        auto const removed = (*raw)->ask(remove);
        role.require(removed.has_value(), removed ? "" : "remove publisher: " + removed.error().what());
        v1::Request unsubscribe;
        unsubscribe.mutable_remove_subscription()->set_subscription_id(reader->id());
        auto const gone = (*raw)->ask(unsubscribe);
        role.require(gone.has_value(), gone ? "" : "remove subscription: " + gone.error().what());
        if (round % 8 != 0) continue;
        role.say("round");
        if (role.hear() == "stop") break;
    }
    role.say("done");
    role.hear();
    return 0;
}

class BusdLife : public testing::Test {
protected:
    RuntimeDirectory runtime;
};

TEST_F(BusdLife, StartsAndStopsLeavingNothing) {
    Busd busd;
    EXPECT_EQ(ipc_objects().size(), 3u);
    EXPECT_EQ(busd.end(SIGTERM), 0);
    EXPECT_TRUE(ipc_objects().empty());
    EXPECT_TRUE(files_in(Busd::folder()).empty());
}

TEST_F(BusdLife, StopsInOrderWithClientsOnBoard) {
    Busd busd;
    auto raw = RawClient::open().value();
    ASSERT_TRUE(raw->publisher("a"));
    EXPECT_GT(ipc_objects().size(), 3u);
    EXPECT_EQ(busd.end(SIGINT), 0);
    EXPECT_TRUE(raw->bus().removed());
    auto const refused = raw->publisher("b");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Errc::closed);
    raw.reset();
    EXPECT_TRUE(ipc_objects().empty());
}

TEST_F(BusdLife, ASecondOneIsRefusedAndTellsThePidOfTheFirst) {
    Busd busd;
    auto const second = run_busd({});
    EXPECT_EQ(second.status, 1);
    EXPECT_NE(second.err.find("pid " + std::to_string(busd.pid())), std::string::npos) << second.err;
    EXPECT_TRUE(RawClient::open());
}

TEST_F(BusdLife, DetachReturnsWhenItServesAndStopWhenItHasEnded) {
    EXPECT_EQ(run_busd({"--detach"}).status, 0);
    EXPECT_TRUE(RawClient::open());
    EXPECT_EQ(run_busd({"--stop"}).status, 0);
    EXPECT_TRUE(ipc_objects().empty());
    EXPECT_EQ(run_busd({"--stop"}).status, 4);
}

TEST_F(BusdLife, DetachTellsWhatTheChildFailedOf) {
    Busd busd;
    auto const second = run_busd({"--detach"});
    EXPECT_EQ(second.status, 1);
    EXPECT_NE(second.err.find("has a busd already"), std::string::npos) << second.err;
}

TEST_F(BusdLife, WrongUsageIsStatusTwo) {
    EXPECT_EQ(run_busd({"--colour"}).status, 2);
    EXPECT_EQ(run_busd({"--detach", "--stop"}).status, 2);
    EXPECT_EQ(run_busd({"--help"}).status, 0);
    EXPECT_EQ(run_busd({"--version"}).status, 0);
    EXPECT_EQ(run_busd({"--bus", "a/b"}).status, 1);
}

TEST_F(BusdLife, HandsOverOnSigquit) {
    auto first = std::make_unique<Busd>();
    auto raw = RawClient::open().value();
    auto const ring = raw->publisher("a").value();
    auto const generation = raw->bus().generation();
    EXPECT_EQ(first->end(SIGQUIT), 0);
    EXPECT_FALSE(raw->bus().broker_alive());
    EXPECT_FALSE(raw->bus().removed());

    Busd second;
    EXPECT_GT(raw->bus().generation(), generation);
    EXPECT_EQ(raw->bus().directory().find_ring(ring.id()), ring.index());
    EXPECT_TRUE(raw->subscription("a"));
    EXPECT_EQ(count_entries<shm::MemberEntry>(raw->bus()), 1u);
    raw.reset();
    EXPECT_TRUE(eventually([&] { return count_entries<shm::SessionEntry>(*look()) == 0; }));
}

TEST_F(BusdLife, ANextOneAdoptsTheLivingAndReapsTheDead) {
    auto first = std::make_unique<Busd>();
    auto dead = run_role("client", {"dead"});
    auto living = run_role("client", {"living"});
    ASSERT_TRUE(dead.expect_line("ready"));
    ASSERT_TRUE(living.expect_line("ready"));
    EXPECT_FALSE(first->end(SIGKILL).exited);
    dead.kill(SIGKILL);
    (void)dead.wait();

    Busd second;
    auto const bus = look();
    EXPECT_EQ(count_entries<shm::SessionEntry>(*bus), 1u);
    EXPECT_TRUE(eventually([&] { return count_entries<shm::RingEntry>(*bus) == 2; })) << "the dead one's is read out by the living";
    EXPECT_EQ(count_entries<shm::SubscriptionEntry>(*bus), 1u);
    EXPECT_EQ(count_entries<shm::MemberEntry>(*bus), 2u);
    EXPECT_EQ(files_in(Busd::folder() + "/fifo").size(), 1u);
    living.kill(SIGKILL);
    (void)living.wait();
    EXPECT_TRUE(eventually([&] { return count_entries<shm::SessionEntry>(*bus) == 0 && count_entries<shm::RingEntry>(*bus) == 0; }));
    EXPECT_EQ(count_entries<shm::TopicEntry>(*bus), 0u);
}

TEST_F(BusdLife, ADeadClientIsReapedAndLeavesNoObject) {
    Busd busd;
    auto child = run_role("client", {"short"});
    ASSERT_TRUE(child.expect_line("ready"));
    auto const bus = look();
    auto const with = ipc_objects().size();
    child.kill(SIGKILL);
    (void)child.wait();
    EXPECT_TRUE(eventually([&] { return count_entries<shm::SessionEntry>(*bus) == 0; }));
    EXPECT_TRUE(eventually([&] { return ipc_objects().size() == with - 2; })) << "cursor segment and arena";
    EXPECT_TRUE(files_in(Busd::folder() + "/fifo").empty());
}

TEST_F(BusdLife, AClientThatBecomesAnotherProgramLosesItsSession) {
    Busd busd;
    auto child = run_role("client", {"gone"});
    ASSERT_TRUE(child.expect_line("ready"));
    auto const bus = look();
    child.send_line("exec");
    EXPECT_TRUE(eventually([&] { return count_entries<shm::RingEntry>(*bus) == 0; }));
    EXPECT_EQ(count_entries<shm::SessionEntry>(*bus), 1u) << "its token is held still: the slot waits";
    child.kill(SIGKILL);
    (void)child.wait();
    EXPECT_TRUE(eventually([&] { return count_entries<shm::SessionEntry>(*bus) == 0; }));
}

TEST_F(BusdLife, AStoppedClientIsNotDead) {
    Busd busd;
    auto child = run_role("client", {"stopped"});
    ASSERT_TRUE(child.expect_line("ready"));
    child.kill(SIGSTOP);
    auto raw = RawClient::open().value();
    // Ten seconds of busd's clock would not change it; two of its looks at all tokens are enough to show it.
    auto const before = raw->bus().epoch();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(raw->publisher("a" + std::to_string(i)));
    EXPECT_GT(raw->bus().epoch(), before);
    EXPECT_EQ(count_entries<shm::SessionEntry>(raw->bus()), 2u);
    child.kill(SIGCONT);
}

TEST_F(BusdLife, ARequestSentToADyingBusdIsDoneOnceByTheNext) {
    auto first = std::make_unique<Busd>();
    auto raw = RawClient::open().value();
    first->signal(SIGSTOP);
    Result<v1::Answer> answer = Errc::failed;
    std::thread asking([&] { answer = raw->publisher("late"); });
    ASSERT_TRUE(eventually([&] { return raw->session().requests().stat().value().messages > 0; }));
    EXPECT_FALSE(first->end(SIGKILL).exited);
    Busd second;
    asking.join();
    ASSERT_TRUE(answer) << answer.error().what();
    EXPECT_EQ(count_entries<shm::RingEntry>(raw->bus()), 1u);
    EXPECT_EQ(raw->bus().directory().find_ring(answer->id()), answer->index());
}

TEST_F(BusdLife, ARepeatedRequestIsAnsweredAndNotDoneAgain) {
    Busd busd;
    auto raw = RawClient::open().value();
    auto const first = raw->publisher("a").value();
    v1::Request again;
    again.set_session(raw->session().index());
    again.set_session_id(raw->session().id());
    again.set_number(first.number());
    again.mutable_create_publisher()->set_topic("a");
    again.mutable_create_publisher()->set_ring_bytes(4096);
    auto mail = wire::mail_of(again).value();
    auto const knock = sys::FifoWriter::open(Busd::folder() + "/knock").value();
    ASSERT_TRUE(wire::send(mail, raw->session().requests(), knock, sys::deadline_after(patience())));
    wire::Reassembly parts;
    Result<v1::Answer> answer = Errc::failed;
    ASSERT_TRUE(eventually([&] {
        answer = wire::try_receive_answer(raw->session().lobby(), raw->session().index(), parts);
        return answer.has_value();
    }));
    EXPECT_EQ(answer->id(), first.id());
    EXPECT_EQ(answer->index(), first.index());
    EXPECT_EQ(count_entries<shm::RingEntry>(raw->bus()), 1u);
}

TEST_F(BusdLife, KilledAtAnyMomentItsSuccessorGoesOnWithWholeTables) {
    auto busd = std::make_unique<Busd>();
    auto one = run_role("churn", {"one"});
    auto other = run_role("churn", {"other"});
    ASSERT_TRUE(one.expect_line("ready"));
    ASSERT_TRUE(other.expect_line("ready"));
    std::mt19937 random(3);
    for (int round = 0; round < 25; ++round) {
        ASSERT_TRUE(one.expect_line("round")) << round;
        ASSERT_TRUE(other.expect_line("round")) << round;
        // Both wait for us now. Somewhere among their next requests: eight rounds of both are above 60 changes of the directory.
        auto const bus = look();
        auto const target = bus->epoch() + random() % 60;
        one.send_line("go");
        other.send_line("go");
        auto const deadline = sys::deadline_after(patience());
        while (bus->epoch() < target) ASSERT_FALSE(sys::has_passed(deadline)) << "round " << round;
        EXPECT_FALSE(busd->end(SIGKILL).exited);
        busd = std::make_unique<Busd>();
    }
    for (auto* const child : {&one, &other}) {
        ASSERT_TRUE(child->expect_line("round"));
        child->send_line("stop");
        ASSERT_TRUE(child->expect_line("done"));
    }
    auto const bus = look();
    EXPECT_EQ(count_entries<shm::SessionEntry>(*bus), 2u);
    EXPECT_EQ(count_entries<shm::RingEntry>(*bus), 0u);
    EXPECT_EQ(count_entries<shm::SubscriptionEntry>(*bus), 0u);
    EXPECT_EQ(count_entries<shm::MemberEntry>(*bus), 0u);
    EXPECT_EQ(count_entries<shm::TopicEntry>(*bus), 0u);
}

TEST_F(BusdLife, WhatCanNotBeTrustedIsReplaced) {
    auto first = std::make_unique<Busd>();
    auto child = run_role("client", {"old"});
    ASSERT_TRUE(child.expect_line("ready"));
    auto const old = look();
    EXPECT_FALSE(first->end(SIGKILL).exited);
    ASSERT_TRUE(sys::Queue(old->head().rendezvous.id).remove());  // as somebody's ipcrm would
    Busd second;
    EXPECT_TRUE(old->removed());
    auto const bus = look();
    ASSERT_TRUE(bus);
    EXPECT_EQ(count_entries<shm::SessionEntry>(*bus), 0u);
    child.kill(SIGKILL);
    (void)child.wait();
    EXPECT_EQ(ipc_objects().size(), 3u + 1u) << "the old directory goes with our mapping of it";
}

TEST_F(BusdLife, ALostTokenSetKillsNobody) {
    Busd busd;
    auto raw = RawClient::open().value();
    auto const user = raw->bus().directory().snapshot<shm::UserEntry>(raw->session().user()).value();
    ASSERT_TRUE(sys::SemaphoreSet(user->tokens.id).remove());
    EXPECT_TRUE(eventually([&] {
        auto const now = raw->bus().directory().snapshot<shm::UserEntry>(raw->session().user());
        return now && (*now)->tokens.id != user->tokens.id;
    }));
    EXPECT_TRUE(raw->publisher("a"));
    EXPECT_TRUE(RawClient::open("another"));
    EXPECT_EQ(raw->bus().directory().find_session(raw->session().id()), raw->session().index());
}

TEST_F(BusdLife, SaysReadyToAServiceManager) {
    auto const path = runtime.path_of("notify");
    int const socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    ASSERT_LT(path.copy(address.sun_path, sizeof address.sun_path - 1), sizeof address.sun_path);
    ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ChildOptions options;
    options.env = {"NOTIFY_SOCKET=" + path};
    Busd busd({}, options);
    std::array<char, 64> text{};
    ASSERT_GT(::recv(socket, text.data(), text.size(), 0), 0);
    EXPECT_STREQ(text.data(), "READY=1");
    ::close(socket);
}

}  // namespace
}  // namespace bus::test

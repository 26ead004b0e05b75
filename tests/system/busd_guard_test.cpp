// What busd refuses, and what it bears: bad requests, garbage, floods, full tables, kernel limits, broken configuration, strangers.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <random>

#include "busd.hpp"
#include "support/ipc_namespace.hpp"
#include "support/role.hpp"
#include "wire/control.hpp"

namespace bus::test {
namespace {

void write_file(std::string const& path, std::string const& text) { std::ofstream(path, std::ios::trunc) << text; }

// Sends to the rendezvous queue as fast as it can until its input ends: "garbage", or hellos for a made-up uid each.
BUS_TEST_ROLE(flood) {
    bool const hellos = role.args().at(0) == "hellos";
    auto const bus = look();
    role.require(bus != nullptr, "no bus");
    sys::Queue const queue(bus->head().rendezvous.id);
    auto const knock = sys::FifoWriter::open(Busd::folder() + "/knock").value();
    std::mt19937_64 random(1);
    role.say("ready");
    for (;;) {
        if (hellos) {
            v1::Hello hello;
            hello.set_version(1);
            hello.set_uid(70'000 + static_cast<std::uint32_t>(random() % 1000));
            hello.set_nonce(random());
            auto mail = wire::mail_of(hello).value();
            (void)mail.try_send(queue);
        } else {
            std::array<std::byte, 200> bytes;
            for (auto& byte : bytes) byte = static_cast<std::byte>(random());
            (void)queue.try_send(static_cast<long>(random() % 1000 + 1), std::span(bytes).first(random() % bytes.size()));
        }
        (void)knock.ring();
    }
}

BUS_TEST_ROLE(open) {
    auto const raw = RawClient::open(role.args().at(0));
    role.say(raw ? "open" : std::string(to_string(raw.error().code())) + ": " + raw.error().what());
    if (!raw) return 0;
    for (std::size_t i = 1; i + 1 < role.args().size(); i += 2) {
        auto const made = role.args()[i] == "publish" ? (*raw)->publisher(role.args()[i + 1]) : (*raw)->subscription(role.args()[i + 1]);
        role.say(made ? "made" : std::string(to_string(made.error().code())));
    }
    role.hear();
    return 0;
}

// Whether this uid may attach the segment that holds the ring with that id.
BUS_TEST_ROLE(attach) {
    auto const bus = look();
    role.require(bus != nullptr, "no bus");
    std::string result = "no ring";
    bus->directory().each<shm::RingEntry>([&](std::uint32_t, auto const& ring) {
        auto const mapping = sys::SegmentMapping::attach(ring->segment.id, sys::Access::read_only);
        result = mapping ? "attached" : std::string(to_string(mapping.error().code()));
        auto const writable = sys::SegmentMapping::attach(ring->segment.id, sys::Access::read_write);
        if (writable) result += " for writing";
        return true;
    });
    role.say(result);
    return 0;
}

// What a stranger may do with the objects of the first user of the bus that is not himself, in a line: read its lobby, send it requests,
// take its token, write its cursors and counters, write the directory.
BUS_TEST_ROLE(trespass) {
    auto const bus = look();
    role.require(bus != nullptr, "no bus");
    std::string done;
    auto const note = [&](char const* what, auto const& result) {
        // A queue without messages and a token that is taken say would_block to who may.
        if (result || result.error() == Errc::would_block) done += std::string(done.empty() ? "" : ", ") + what;
    };
    bus->directory().each<shm::SessionEntry>([&](std::uint32_t index, auto const& session) {
        auto const user = bus->directory().template snapshot<shm::UserEntry>(session->user).value();
        std::array<std::byte, 64> room{};
        note("lobby", sys::Queue(user->lobby.id).try_receive(1, room));
        note("requests", sys::Queue(user->requests.id).try_send(1, room));
        note("token", sys::SemaphoreSet(user->tokens.id).try_acquire(index));
        note("bells", sys::SemaphoreSet(session->bells.id).post(session->bell_base));
        note("cursors", sys::SegmentMapping::attach(session->cursors.id, sys::Access::read_write));
        note("attention", sys::SegmentMapping::attach(user->attention.id, sys::Access::read_write));
        return true;
    });
    for (auto const& object : ipc_objects()) {
        if (object.kind == IpcObject::Kind::segment && object.owner_uid == kBrokerUid)
            note("directory", sys::SegmentMapping::attach(object.id, sys::Access::read_write));
    }
    role.say(done.empty() ? "nothing" : done);
    return 0;
}

class BusdGuard : public testing::Test {
protected:
    RuntimeDirectory runtime;
};

TEST_F(BusdGuard, RefusesRequestsThatCannotBeAndChangesNothing) {
    Busd busd;
    auto raw = RawClient::open().value();
    auto const refused = [&](Result<v1::Answer> const& answer, Errc code) {
        if (answer) return testing::AssertionFailure() << "was done";
        if (answer.error() == code) return testing::AssertionSuccess();
        return testing::AssertionFailure() << answer.error().what();
    };
    EXPECT_TRUE(refused(raw->publisher("a//b"), Errc::invalid));
    EXPECT_TRUE(refused(raw->publisher(""), Errc::invalid));
    EXPECT_TRUE(refused(raw->publisher("$bus/mine"), Errc::invalid));
    EXPECT_TRUE(refused(raw->publisher(std::string(256, 'x')), Errc::invalid));
    EXPECT_TRUE(refused(raw->publisher("a", "", 0), Errc::invalid));
    EXPECT_TRUE(refused(raw->publisher("a", "", (std::uint64_t{1} << 34) + 1), Errc::too_large));
    EXPECT_TRUE(refused(raw->publisher("a", "nav.Pose", 4096, "no descriptor"), Errc::invalid));
    EXPECT_TRUE(refused(raw->publisher("a", std::string(300, 't')), Errc::invalid));
    EXPECT_TRUE(refused(raw->subscription("a/***"), Errc::invalid));
    EXPECT_TRUE(refused(raw->subscription("a", "", static_cast<shm::ReaderKind>(9)), Errc::invalid));
    v1::Request remove;
    remove.mutable_remove_topic()->set_topic("nowhere");
    EXPECT_TRUE(refused(raw->ask(remove), Errc::not_found));
    EXPECT_TRUE(refused(raw->ask(v1::Request()), Errc::invalid));
    EXPECT_EQ(count_entries<shm::TopicEntry>(raw->bus()), 0u);
    EXPECT_EQ(count_entries<shm::RingEntry>(raw->bus()), 0u);
    EXPECT_TRUE(raw->publisher("a"));
}

TEST_F(BusdGuard, GarbageOnTheRendezvousQueueIsDroppedAlsoLongGarbage) {
    Busd busd;
    auto const bus = look();
    sys::Queue const queue(bus->head().rendezvous.id);
    std::mt19937_64 random(7);
    for (std::size_t const bytes : {0, 1, 23, 24, 25, 100, 4000, 8192}) {
        std::vector<std::byte> garbage(bytes);
        for (auto& byte : garbage) byte = static_cast<std::byte>(random());
        (void)queue.try_send(static_cast<long>(random() >> 2 | 1), garbage);
    }
    EXPECT_TRUE(RawClient::open());
    EXPECT_EQ(queue.stat().value().messages, 0u);
}

TEST_F(BusdGuard, AMessageLongerThanAnyOfOursDoesNotBlockTheQueue) {
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    SysctlGuard longer("kernel.msgmax", "16000");
    if (!longer.ok()) GTEST_SKIP() << "msgmax can't be raised here";
    Busd busd;
    auto const bus = look();
    ASSERT_TRUE(sys::Queue(bus->head().rendezvous.id).try_send(1, std::vector<std::byte>(15'000)));
    EXPECT_TRUE(RawClient::open());
}

TEST_F(BusdGuard, FloodsKeepNobodyOut) {
    Busd busd;
    for (auto const* const kind : {"garbage", "hellos"}) {
        auto flooder = run_role("flood", {kind});
        ASSERT_TRUE(flooder.expect_line("ready"));
        for (int i = 0; i < 5; ++i) {
            auto raw = RawClient::open();
            ASSERT_TRUE(raw) << kind << ": " << raw.error().what();
            EXPECT_TRUE((*raw)->publisher("a"));
        }
        EXPECT_LE(count_entries<shm::UserEntry>(*look()), 1u + 8u) << "strangers' lobbies";
        flooder.kill(SIGKILL);
        (void)flooder.wait();
    }
}

TEST_F(BusdGuard, AFullTableIsALimitWithItsNumber) {
    write_file(runtime.path_of("busd.toml"), "[tables]\nrings = 2\nsessions = 2\n");
    Busd busd({"--config", runtime.path_of("busd.toml")});
    auto raw = RawClient::open().value();
    ASSERT_TRUE(raw->publisher("a"));
    ASSERT_TRUE(raw->publisher("b"));
    auto const objects = ipc_objects().size();
    auto const third = raw->publisher("c");
    ASSERT_FALSE(third);
    EXPECT_EQ(third.error(), Errc::limit);
    EXPECT_NE(third.error().what().find('2'), std::string::npos) << third.error().what();
    EXPECT_EQ(count_entries<shm::TopicEntry>(raw->bus()), 2u);
    EXPECT_EQ(ipc_objects().size(), objects);
    auto second = RawClient::open();
    ASSERT_TRUE(second);
    EXPECT_EQ(RawClient::open().error(), Errc::limit);
}

TEST_F(BusdGuard, AFullShmmniIsALimitThatNamesIt) {
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    Busd busd;
    auto raw = RawClient::open().value();
    auto const objects = ipc_objects().size();
    auto const segments =
        std::to_string(std::ranges::count_if(ipc_objects(), [](auto const& o) { return o.kind == IpcObject::Kind::segment; }));
    SysctlGuard full("kernel.shmmni", segments);
    ASSERT_TRUE(full.ok());
    auto const refused = raw->publisher("a");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Errc::limit);
    EXPECT_NE((refused.error().what() + refused.error().hint()).find("shmmni"), std::string::npos) << refused.error().what();
    auto const stranger = RawClient::open();
    ASSERT_FALSE(stranger);
    EXPECT_EQ(stranger.error(), Errc::limit);
    EXPECT_EQ(count_entries<shm::TopicEntry>(raw->bus()), 0u);
    EXPECT_EQ(ipc_objects().size(), objects);
}

TEST_F(BusdGuard, ABusdWithoutRoomForItsObjectsLeavesNothing) {
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    for (auto const* const name : {"kernel.shmmni", "kernel.msgmni"}) {
        SysctlGuard full(name, "0");
        ASSERT_TRUE(full.ok());
        auto const failed = run_busd({});
        EXPECT_EQ(failed.status, 1);
        EXPECT_NE(failed.err.find(name), std::string::npos) << failed.err;
        EXPECT_TRUE(ipc_objects().empty());
    }
}

TEST_F(BusdGuard, ABrokenConfigurationIsNamedAndNothingStarts) {
    auto const path = runtime.path_of("busd.toml");
    write_file(path, "[limits]\ncursors = 7\n[[allow]]\npublish = [\"a");
    for (auto const& args : std::vector<std::vector<std::string>>{{"--config", path}, {"--config", path, "--detach"}}) {
        auto const failed = run_busd(args);
        EXPECT_EQ(failed.status, 1);
        EXPECT_NE(failed.err.find(path + ", line 4"), std::string::npos) << failed.err;
    }
    EXPECT_TRUE(ipc_objects().empty());
    EXPECT_NE(::access(Busd::folder().c_str(), F_OK), 0);
}

TEST_F(BusdGuard, SighupKeepsTheOldConfigurationWhereTheNewIsBroken) {
    auto const path = runtime.path_of("busd.toml");
    write_file(path, "[limits]\nring_bytes = 65536\n");
    Busd busd({"--config", path});
    auto raw = RawClient::open().value();
    EXPECT_EQ(raw->publisher("a", "", 1 << 17).error(), Errc::too_large);
    write_file(path, "[limits\nring_bytes = 262144\n");
    busd.signal(SIGHUP);
    busd.signal(SIGUSR1);
    EXPECT_EQ(raw->publisher("a", "", 1 << 17).error(), Errc::too_large);
    write_file(path, "[limits]\nring_bytes = 262144\n");
    busd.signal(SIGHUP);
    EXPECT_TRUE(eventually([&] { return raw->publisher("a", "", 1 << 17).has_value(); }));
}

TEST_F(BusdGuard, AFolderOfSomebodyElseIsNotServedIn) {
    BUS_REQUIRE_ROOT();
    ASSERT_EQ(::chmod(runtime.path().c_str(), 0777), 0);
    ASSERT_EQ(::mkdir(Busd::folder().c_str(), 0755), 0);
    ASSERT_EQ(::chown(Busd::folder().c_str(), kAliceUid, kAliceUid), 0);
    ChildOptions as_broker;
    as_broker.uid = kBrokerUid;
    auto const failed = run_busd({}, as_broker);
    EXPECT_EQ(failed.status, 1);
    EXPECT_NE(failed.err.find(Busd::folder()), std::string::npos) << failed.err;
    EXPECT_NE(failed.err.find(std::to_string(kAliceUid)), std::string::npos) << failed.err;
    EXPECT_TRUE(ipc_objects().empty());
}

class BusdUids : public BusdGuard {
protected:
    // A busd of an ordinary user, in a folder of its own.
    std::unique_ptr<Busd> serve(std::string const& config = {}) {
        EXPECT_EQ(::chown(runtime.path().c_str(), kBrokerUid, kBrokerUid), 0);
        ChildOptions options;
        options.uid = kBrokerUid;
        std::vector<std::string> args;
        if (!config.empty()) {
            write_file(runtime.path_of("busd.toml"), config);
            args = {"--config", runtime.path_of("busd.toml")};
        }
        return std::make_unique<Busd>(args, options);
    }
    static ChildOptions as(uid_t uid, std::vector<gid_t> groups = {}) {
        ChildOptions options;
        options.uid = uid;
        options.groups = std::move(groups);
        return options;
    }
};

TEST_F(BusdUids, ByDefaultOnlyTheBrokersUserIsAdmitted) {
    BUS_REQUIRE_ROOT();
    auto busd = serve();
    auto own = run_role("open", {"own", "publish", "a", "subscribe", "a"}, as(kBrokerUid));
    EXPECT_TRUE(own.expect_line("open"));
    EXPECT_TRUE(own.expect_line("made"));
    EXPECT_TRUE(own.expect_line("made"));
    auto alice = run_role("open", {"alice"}, as(kAliceUid));
    auto const said = alice.read_line().value_or("");
    EXPECT_TRUE(said.starts_with("not_permitted: uid " + std::to_string(kAliceUid))) << said;
    EXPECT_TRUE(run_role("attach", {}, as(kAliceUid)).expect_line("not_permitted"));
    EXPECT_TRUE(run_role("attach", {}, as(kBrokerUid)).expect_line("attached for writing"));
}

TEST_F(BusdUids, ARuleForAllWidensTheModeForReadersAndNobodyWritesAnothersRing) {
    BUS_REQUIRE_ROOT();
    auto busd = serve("[[allow]]\nsubscribe = [\"open/**\"]\n[[allow]]\nusers = [" + std::to_string(kAliceUid) + "]\npublish = [\"**\"]\n");
    auto alice = run_role("open", {"alice", "publish", "open/a", "subscribe", "closed/a"}, as(kAliceUid));
    EXPECT_TRUE(alice.expect_line("open"));
    EXPECT_TRUE(alice.expect_line("made"));
    EXPECT_TRUE(alice.expect_line("not_permitted"));
    EXPECT_TRUE(run_role("attach", {}, as(kBobUid)).expect_line("attached"));
    EXPECT_TRUE(run_role("attach", {}, as(kAliceUid)).expect_line("attached for writing"));
    auto bob = run_role("open", {"bob", "subscribe", "open/a", "publish", "open/a"}, as(kBobUid));
    EXPECT_TRUE(bob.expect_line("open"));
    EXPECT_TRUE(bob.expect_line("made"));
    EXPECT_TRUE(bob.expect_line("not_permitted"));
    EXPECT_EQ(count_entries<shm::MemberEntry>(*look()), 1u);
}

TEST_F(BusdUids, EveryObjectHasItsOwnerAndModeAndAStrangerGetsAtNone) {
    BUS_REQUIRE_ROOT();
    auto busd = serve("[[allow]]\nsubscribe = [\"**\"]\n[[allow]]\nusers = [" + std::to_string(kAliceUid) + "]\npublish = [\"**\"]\n");
    auto alice = run_role("open", {"alice", "publish", "a"}, as(kAliceUid));
    ASSERT_TRUE(alice.expect_line("open"));
    ASSERT_TRUE(alice.expect_line("made"));
    std::vector<std::string> seen;
    for (auto const& object : ipc_objects()) {
        EXPECT_EQ(object.creator_uid, kBrokerUid) << object.text();
        char const* const kind = object.kind == IpcObject::Kind::queue ? "queue" : object.kind == IpcObject::Kind::set ? "set" : "segment";
        char mode[8];
        (void)std::snprintf(mode, sizeof mode, "%04o", object.mode & 0777);
        seen.push_back(std::string(object.owner_uid == kBrokerUid  ? "broker"
                                   : object.owner_uid == kAliceUid ? "alice"
                                                                   : "?") +
                       " " + kind + " " + mode);
    }
    std::ranges::sort(seen);
    std::vector<std::string> const wanted{"alice queue 0600",    "alice queue 0600", "alice segment 0644", "alice segment 0644",
                                          "alice segment 0644",  "alice set 0600",   "alice set 0644",     "broker queue 0622",
                                          "broker segment 0644", "broker set 0644"};
    EXPECT_EQ(seen, wanted);
    EXPECT_TRUE(run_role("trespass", {}, as(kBobUid)).expect_line("nothing"));
    // The control: it is the modes that keep him out.
    for (auto const& object : ipc_objects()) {
        sys::Ownership const open{object.owner_uid, object.owner_uid, 0666};
        if (object.kind == IpcObject::Kind::queue) {
            EXPECT_TRUE(sys::Queue(object.id).set_owner(open));
        }
        if (object.kind == IpcObject::Kind::set) {
            EXPECT_TRUE(sys::SemaphoreSet(object.id).set_owner(open));
        }
        if (object.kind == IpcObject::Kind::segment) {
            EXPECT_TRUE(sys::Segment(object.id).set_owner(open));
        }
    }
    EXPECT_TRUE(run_role("trespass", {}, as(kBobUid)).expect_line("lobby, requests, token, bells, cursors, attention, directory"));
}

TEST_F(BusdUids, WhatIsNotOpenToAllStaysClosedToOthers) {
    BUS_REQUIRE_ROOT();
    auto busd = serve("[[allow]]\nusers = [" + std::to_string(kAliceUid) + "]\npublish = [\"mine\"]\nsubscribe = [\"mine\"]\n");
    auto alice = run_role("open", {"alice", "publish", "mine", "subscribe", "mine"}, as(kAliceUid));
    EXPECT_TRUE(alice.expect_line("open"));
    EXPECT_TRUE(alice.expect_line("made"));
    EXPECT_TRUE(alice.expect_line("made"));
    EXPECT_TRUE(run_role("attach", {}, as(kBobUid)).expect_line("not_permitted"));
    EXPECT_TRUE(run_role("attach", {}, as(kAliceUid)).expect_line("attached for writing"));
    EXPECT_TRUE(run_role("open", {"bob"}, as(kBobUid)).read_line().value_or("").starts_with("not_permitted"));
}

}  // namespace
}  // namespace bus::test

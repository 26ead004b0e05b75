// Programs of one uid that die while they are admitted do not keep others of it out.
#include <gtest/gtest.h>

#include <bus/bus.hpp>
#include <csignal>
#include <optional>
#include <thread>
#include <vector>

#include "busd.hpp"
#include "client/admission.hpp"
#include "client/runtime_folder.hpp"
#include "support/eventually.hpp"
#include "sys/message_queue.hpp"
#include "sys/process.hpp"
#include "wire/control.hpp"

namespace bus::test {
namespace {

class BusdAdmission : public testing::Test {
protected:
    RuntimeDirectory runtime;
};

}  // namespace

TEST_F(BusdAdmission, GoesOnThoughManyReadTheirOffersAndDied) {
    Busd busd;
    auto const raw = RawClient::open().value();  // the uid is known, so that Hellos come by its own queue
    auto const options = client::resolve({}).value();
    for (int i = 0; i < 100; ++i) {
        // Said hello, read the offer, took the token; and the token comes back, as by a death.
        auto const parts = client::take_offer(raw->bus(), options, sys::deadline_after(options.timeout));
        ASSERT_TRUE(parts) << "after " << i << ": " << parts.error().what();
    }
}

// Else they would fill the lobby, one death of busd after the other, until nobody is admitted any more.
TEST_F(BusdAdmission, IsNotHinderedByOffersOfADeadBusdThatNobodyRead) {
    auto busd = std::make_unique<Busd>();
    auto raw = RawClient::open().value();
    auto const lobby = raw->session().lobby();
    for (std::uint64_t nonce = 1; nonce <= 10; ++nonce) say_hello(*raw, nonce);
    (void)raw->publisher("heard").value();  // busd has come to what lay before it
    ASSERT_TRUE(eventually([&] { return lobby.stat().value().messages == 10; }));
    EXPECT_FALSE(busd->end(SIGKILL).exited);
    Busd next;
    EXPECT_EQ(lobby.stat().value().messages, 0u);
    EXPECT_TRUE(Connection::open({.name = "another"}));
}

TEST_F(BusdAdmission, LeavesNothingInTheLobbyOfWhoSaidHelloTwice) {
    Busd busd;
    auto const raw = RawClient::open().value();
    auto const lobby = raw->session().lobby(), requests = raw->session().requests();
    ASSERT_EQ(::kill(busd.pid(), SIGSTOP), 0);
    std::jthread const opening([] { EXPECT_TRUE(Connection::open({.name = "impatient"})); });
    EXPECT_TRUE(eventually([&] { return requests.stat().value().messages >= 2; }));
    ASSERT_EQ(::kill(busd.pid(), SIGCONT), 0);
    EXPECT_TRUE(eventually([&] { return lobby.stat().value().messages > 0; }));
    EXPECT_TRUE(eventually([&] { return lobby.stat().value().messages == 0; }, std::chrono::seconds(30)));
}

// Said first where strangers say it, of whom few are let in, and again by the queue of the uid, which had come meanwhile.
TEST_F(BusdAdmission, RefusesNobodyWhoSaidHelloInBothWays) {
    constexpr std::size_t kMany = 60;
    Busd busd;
    ASSERT_EQ(::kill(busd.pid(), SIGSTOP), 0);
    auto const bus = look();
    sys::Queue const rendezvous(bus->head().rendezvous.id);
    std::vector<std::jthread> opening;
    for (std::size_t i = 0; i < kMany; ++i)
        opening.emplace_back([] {
            auto const opened = Connection::open({.name = "one of many", .timeout = patience()});
            EXPECT_TRUE(opened) << opened.error().what();
        });
    EXPECT_TRUE(eventually([&] { return rendezvous.stat().value().messages >= kMany; }));
    auto const own_queue = [&]() -> std::optional<sys::Queue> {
        auto const user = bus->directory().find_user(sys::effective_uid());
        auto const entry = user ? bus->directory().snapshot<shm::UserEntry>(*user) : Errc::not_found;
        if (!entry || (*entry)->requests.id < 0) return std::nullopt;
        return sys::Queue((*entry)->requests.id);
    };
    ASSERT_EQ(::kill(busd.pid(), SIGCONT), 0);
    auto const deadline = sys::deadline_after(patience());
    while (!own_queue() && !sys::has_passed(deadline)) continue;  // no nap: it is to stand still before it has let many in
    ASSERT_EQ(::kill(busd.pid(), SIGSTOP), 0);
    EXPECT_TRUE(eventually([&] { return own_queue() && own_queue()->stat().value().messages >= kMany / 2; }));
    ASSERT_EQ(::kill(busd.pid(), SIGCONT), 0);
}

}  // namespace bus::test

// Programs of one uid that die while they are admitted do not keep others of it out.
#include <gtest/gtest.h>

#include <bus/bus.hpp>
#include <csignal>
#include <thread>

#include "busd.hpp"
#include "client/admission.hpp"
#include "client/runtime_folder.hpp"
#include "support/eventually.hpp"
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

}  // namespace bus::test

// Whose slot it is when the token of a free one is not where it should be: with somebody who came too late, with nobody, in another set.
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>

#include "busd.hpp"
#include "support/eventually.hpp"
#include "support/role.hpp"

namespace bus::test {
namespace {

BUS_TEST_ROLE(takes_a_token_without_undo) {
    sys::SemaphoreSet const tokens(static_cast<int>(role.number(0)));
    role.require(tokens.try_acquire(static_cast<unsigned>(role.number(1))).has_value(), "semop");
    return 0;
}

class SlotToken : public testing::Test {
protected:
    sys::SemaphoreSet tokens() const {
        auto const user = here->bus().directory().snapshot<shm::UserEntry>(here->session().user()).value();
        return sys::SemaphoreSet(user->tokens.id);
    }
    /// Nobody has the slot any more, busd neither, which takes its token while it frees it; `sessions` are left.
    bool becomes_free(std::uint32_t slot, std::size_t sessions) const {
        return eventually([&] { return count_entries<shm::SessionEntry>(here->bus()) == sessions && tokens().value(slot).value() == 1; });
    }
    /// A slot that somebody had.
    std::uint32_t used_slot() const {
        auto before = RawClient::open("before").value();
        auto const slot = before->session().index();
        before.reset();
        EXPECT_TRUE(becomes_free(slot, 1));
        return slot;
    }

    void restart_busd() {
        EXPECT_FALSE(busd->end(SIGKILL).exited);
        busd = std::make_unique<Busd>();
    }

    RuntimeDirectory runtime;
    std::unique_ptr<Busd> busd = std::make_unique<Busd>();
    std::unique_ptr<RawClient> here = RawClient::open("here").value();
};

}  // namespace

TEST_F(SlotToken, HeldBySomebodyWhoCameTooLateMakesBusdOfferAnotherSlot) {
    auto const slot = used_slot();
    for (bool const busd_dies : {false, true}) {
        ASSERT_TRUE(tokens().try_acquire(slot, 1, sys::Undo::yes)) << "as who read an offer that was withdrawn meanwhile";
        if (busd_dies) restart_busd();
        auto next = RawClient::open("next").value();
        EXPECT_NE(next->session().index(), slot) << "it has two owners";
        ASSERT_TRUE(tokens().post(slot, 1, sys::Undo::yes)) << "he finds out, and gives it back";
        EXPECT_TRUE(next->publisher("t"));
        EXPECT_EQ(RawClient::open("again").value()->session().index(), slot) << "it is free like any other";
        EXPECT_TRUE(becomes_free(slot, 2));
    }
}

// Nothing tells him from one who lives and came too late: the kernel's word on who took it last can be had by anybody who looks at it.
TEST_F(SlotToken, ThatNobodyWillGiveBackIsPassedBy) {
    auto const slot = used_slot();
    EXPECT_EQ(run_role("takes_a_token_without_undo", {std::to_string(tokens().id()), std::to_string(slot)}).wait(), 0);
    ASSERT_EQ(tokens().value(slot).value(), 0);
    auto next = RawClient::open("next").value();
    EXPECT_NE(next->session().index(), slot);
    EXPECT_TRUE(next->publisher("t"));
}

TEST_F(SlotToken, RaisedByHandIsTakenDownBeforeSomebodyGetsTheSlot) {
    auto const slot = used_slot();
    ASSERT_TRUE(tokens().post(slot, 3));
    auto next = RawClient::open("next").value();
    ASSERT_EQ(next->session().index(), slot);
    EXPECT_EQ(tokens().value(slot).value(), 0) << "busd would take its client for dead";
}

TEST_F(SlotToken, InASetThatReplacesARemovedOneIsNobodysUntilTheSessionHasEnded) {
    auto const slot = used_slot();
    for (bool const busd_dies : {false, true}) {
        auto other = RawClient::open("other").value();
        ASSERT_EQ(other->session().index(), slot);
        auto const removed = tokens();
        ASSERT_TRUE(removed.remove());
        ASSERT_TRUE(eventually([&] { return tokens().id() != removed.id(); }));
        EXPECT_EQ(tokens().value(here->session().index()).value(), 0);
        EXPECT_EQ(tokens().value(slot).value(), 0);
        EXPECT_EQ(tokens().value(slot + 1).value(), 1);
        if (busd_dies) restart_busd();
        EXPECT_TRUE(other->publisher("t"));
        other.reset();
        EXPECT_TRUE(becomes_free(slot, 1));
        EXPECT_EQ(RawClient::open("next").value()->session().index(), slot);
        EXPECT_TRUE(becomes_free(slot, 1));
    }
}

TEST_F(SlotToken, OfAnOfferWhoseSetWasRemovedIsNotWaitedFor) {
    for (bool const busd_dies : {false, true}) {
        say_hello(*here, busd_dies ? 1 : 2);
        ASSERT_TRUE(eventually([&] { return count_entries<shm::SessionEntry>(here->bus()) == 2; }));
        auto const removed = tokens();
        if (busd_dies) {
            EXPECT_FALSE(busd->end(SIGKILL).exited);
        }
        ASSERT_TRUE(removed.remove());
        if (busd_dies) busd = std::make_unique<Busd>();
        // An offer that can be taken lasts 10 s.
        EXPECT_TRUE(eventually([&] { return count_entries<shm::SessionEntry>(here->bus()) == 1; }, std::chrono::seconds(8)));
        EXPECT_TRUE(here->publisher(busd_dies ? "t" : "u"));
    }
}

}  // namespace bus::test

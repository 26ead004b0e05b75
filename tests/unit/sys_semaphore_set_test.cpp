// SysV semaphore sets.
#include "sys/semaphore_set.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <thread>

#include "support/child.hpp"
#include "support/role.hpp"
#include "support/signal_storm.hpp"
#include "sys/ipc_key.hpp"

namespace bus::test {

namespace {

using namespace std::chrono_literals;
using Values = std::vector<sys::SemaphoreValue>;

sys::OwnedSemaphoreSet make_set(Values const& values, mode_t mode = 0600) {
    return sys::OwnedSemaphoreSet::create(sys::random_key().value(), values, mode).value();
}

}  // namespace

BUS_TEST_ROLE(token_holder) {
    sys::SemaphoreSet const set(static_cast<int>(role.number(0)));
    set.try_acquire(0, 1, sys::Undo::yes).value();
    role.say("holding");
    role.hear();
    return 0;
}

TEST(SemaphoreSet, StartsWithTheGivenValues) {
    auto const set = make_set({3, 0, 32767});
    EXPECT_EQ(set.get().values().value(), (Values{3, 0, 32767}));
    EXPECT_EQ(set.get().value(2).value(), 32767);
    EXPECT_EQ(set.get().stat().value().count, 3U);
}

TEST(SemaphoreSet, CountsUpAndDownAndNeverBelowZero) {
    auto const set = make_set({0});
    EXPECT_EQ(set.get().try_acquire(0).error(), Errc::would_block);
    ASSERT_TRUE(set.get().post(0, 2));
    ASSERT_TRUE(set.get().try_acquire(0));
    EXPECT_EQ(set.get().try_acquire(0, 2).error(), Errc::would_block);
    EXPECT_EQ(set.get().value(0).value(), 1);
    EXPECT_EQ(set.get().last_pid(0).value(), ::getpid());
}

TEST(SemaphoreSet, TimesOutWithoutATextAndTriesOnceAfterTheDeadline) {
    auto const set = make_set({0, 1});
    auto const late = set.get().acquire_until(0, sys::deadline_after(2ms));
    EXPECT_EQ(late.error(), Errc::timeout);
    EXPECT_EQ(late.error().what(), "timeout");
    EXPECT_TRUE(set.get().acquire_until(1, sys::Deadline{}));
    EXPECT_EQ(set.get().acquire_until(1, sys::Deadline{}).error(), Errc::timeout);
}

TEST(SemaphoreSet, WakesAWaiter) {
    auto const set = make_set({0});
    std::thread poster([&] {
        EXPECT_TRUE(eventually([&] { return set.get().waiters(0).value() == 1; }));
        EXPECT_TRUE(set.get().post(0));
    });
    EXPECT_TRUE(set.get().acquire_until(0, sys::kForever));
    poster.join();
}

TEST(SemaphoreSet, WaitsForZero) {
    auto const set = make_set({1});
    EXPECT_EQ(set.get().wait_zero_until(0, sys::deadline_after(2ms)).error(), Errc::timeout);
    std::thread taker([&] { EXPECT_TRUE(set.get().try_acquire(0)); });
    EXPECT_TRUE(set.get().wait_zero_until(0, sys::deadline_after(patience())));
    taker.join();
}

TEST(SemaphoreSet, OperatesAllOrNone) {
    auto const set = make_set({1, 0});
    std::array<sembuf, 2> both{sembuf{0, -1, 0}, sembuf{1, -1, 0}};
    EXPECT_EQ(set.get().try_operate(both).error(), Errc::would_block);
    EXPECT_EQ(set.get().operate_until(both, sys::deadline_after(2ms)).error(), Errc::timeout);
    EXPECT_EQ(set.get().values().value(), (Values{1, 0}));
    ASSERT_TRUE(set.get().post(1));
    EXPECT_TRUE(set.get().operate_until(both, sys::kForever));  // waits again: the flag of the try is gone
    EXPECT_EQ(set.get().values().value(), (Values{0, 0}));
}

TEST(SemaphoreSet, RefusesWhatIsNotThere) {
    auto const set = make_set({1, 2});
    EXPECT_EQ(set.get().post(2).error(), Errc::invalid);
    EXPECT_EQ(set.get().post(65'536).error(), Errc::invalid);  // not semaphore 0
    EXPECT_EQ(set.get().value(2).error(), Errc::invalid);
    EXPECT_EQ(set.get().post(0, 40'000).error(), Errc::invalid);
    EXPECT_EQ(set.get().try_acquire(0, 0).error(), Errc::invalid);
    std::array<sys::SemaphoreValue, 1> small{};
    EXPECT_EQ(set.get().read_values(small).error(), Errc::invalid);
    EXPECT_EQ(set.get().values().value(), (Values{1, 2}));
    EXPECT_EQ(sys::OwnedSemaphoreSet::create(5, {}, 0600).error(), Errc::invalid);
    EXPECT_EQ(sys::OwnedSemaphoreSet::create(5, Values{32'768}, 0600).error(), Errc::invalid);
}

TEST(SemaphoreSet, SaysSoWhenItWouldPassItsMaximum) {
    auto const set = make_set({sys::kSemaphoreMax});
    auto const over = set.get().post(0);
    EXPECT_EQ(over.error(), Errc::limit);
    EXPECT_NE(over.error().hint().find("32767"), std::string::npos);
}

TEST(SemaphoreSet, ThatVanishesEndsItsWaits) {
    auto set = make_set({0});
    std::thread remover([&] {
        EXPECT_TRUE(eventually([&] { return set.get().waiters(0).value() == 1; }));
        EXPECT_TRUE(set.remove());
    });
    sys::SemaphoreSet const id(set.id());
    EXPECT_EQ(id.acquire_until(0, sys::kForever).error(), Errc::not_found);
    remover.join();
    EXPECT_EQ(id.try_acquire(0).error(), Errc::not_found);
    EXPECT_EQ(id.value(0).error(), Errc::not_found);
    EXPECT_EQ(id.stat().error(), Errc::not_found);
    EXPECT_EQ(id.remove().error(), Errc::not_found);
}

TEST(SemaphoreSet, IsRefusedUnderATakenKeyAndFoundUnderItsOwn) {
    auto const key = sys::random_key().value();
    auto const set = sys::OwnedSemaphoreSet::create(key, Values{1}, 0644).value();
    EXPECT_EQ(sys::OwnedSemaphoreSet::create(key, Values{1}, 0644).error(), Errc::conflict);
    EXPECT_EQ(sys::SemaphoreSet::open(key).value().id(), set.id());
    EXPECT_EQ(set.get().stat().value().permissions.mode, 0644U);
    EXPECT_EQ(sys::SemaphoreSet::open(key ^ 1).error(), Errc::not_found);
}

TEST(Undo, GivesTheTokenOfAKilledProcessBack) {
    auto const set = make_set({1});
    auto child = run_role("token_holder", {std::to_string(set.id())});
    ASSERT_TRUE(child.expect_line("holding"));
    EXPECT_EQ(set.get().value(0).value(), 0);
    EXPECT_EQ(set.get().last_pid(0).value(), child.pid());
    child.kill(SIGKILL);
    EXPECT_TRUE(set.get().acquire_until(0, sys::deadline_after(patience())));
}

TEST(Undo, IsNotInheritedByAForkedChild) {
    auto const set = make_set({1});
    ASSERT_TRUE(set.get().try_acquire(0, 1, sys::Undo::yes));
    EXPECT_EQ(run_forked([] { return 0; }), 0);
    EXPECT_EQ(set.get().value(0).value(), 0);
    ASSERT_TRUE(set.get().post(0, 1, sys::Undo::yes));
}

TEST(OwnedSemaphoreSet, OfTheParentIsNotRemovedByAForkedChild) {
    auto set = std::optional(make_set({1}));
    EXPECT_EQ(run_forked([&] {
                  set.reset();
                  return 0;
              }),
              0);
    EXPECT_TRUE(set->get().stat());
}

TEST(SemaphoreSet, WaitsItsTimeThroughASignalStorm) {
    auto const set = make_set({0});
    SignalStorm const storm;
    auto const start = sys::steady_now();
    EXPECT_EQ(set.get().acquire_until(0, start + 50ms).error(), Errc::timeout);
    EXPECT_GE(sys::steady_now() - start, 50ms);
    EXPECT_GT(storm.count(), 0U);
}

TEST(SemaphoreRights, LetEverybodySeeATokenAndItsOwnerAloneTakeIt) {
    BUS_REQUIRE_ROOT();
    auto const set = make_set({1});
    ASSERT_TRUE(set.get().set_owner({kAliceUid, kAliceUid, 0644}));
    auto const look = [&] {
        return set.get().value(0).has_value() && set.get().wait_zero_until(0, sys::Deadline{}).error() == Errc::timeout ? 0 : 1;
    };
    auto const take = [&] {
        auto const taken = set.get().try_acquire(0, 1, sys::Undo::yes);
        return taken ? 0 : taken.error().code() == Errc::not_permitted ? 1 : 2;
    };
    EXPECT_EQ(run_forked(look, {.uid = kBobUid}), 0);
    EXPECT_EQ(run_forked(take, {.uid = kBobUid}), 1);
    EXPECT_EQ(run_forked(take, {.uid = kAliceUid}), 0);
    // The control: with a wider mode Bob can take it.
    ASSERT_TRUE(set.get().set_owner({kAliceUid, kAliceUid, 0666}));
    EXPECT_EQ(run_forked(take, {.uid = kBobUid}), 0);
}

}  // namespace bus::test

// The checker of the churn campaign finds what is wrong with made-up histories, and nothing in good ones.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <vector>

#include "churn_checker.hpp"
#include "churn_message.hpp"

namespace bus::test::churn {

namespace {

constexpr std::size_t kPlace = 7, kOther = 8;

/// A publisher that published 1 to 10, and a subscriber that came before it.
class ChurnChecker : public testing::Test {
protected:
    ChurnChecker() {
        publisher().id = 77;
        publisher().begun = publisher().committed = 10;
        history_.publisher_count() = 1;
        comes(kPlace, true);
    }

    PublisherRecord& publisher() { return history_.publishers()[0]; }
    Cell& cell(std::size_t place = kPlace) { return history_.cell(place, 0); }

    void comes(std::size_t place, bool reliable) {
        auto& reader = history_.reader(place);
        reader.plan = {.reader = place, .topics = 1, .reliable = reliable};
        reader.joined = reader.drained = true;
        cell(place) = {.reader = place};
    }
    void ends(End how) {
        publisher().end = how;
        publisher().ended_at = ++history_.ends();
    }
    void gets(std::uint64_t first, std::uint64_t last, std::size_t place = kPlace) {
        for (auto sequence = first; sequence <= last; ++sequence) gets_one({.sequence = sequence}, place);
    }
    void gets_one(Got const& got, std::size_t place = kPlace) { note(cell(place), got, history_.reader(place).plan.reliable); }
    void loses(std::uint64_t counted, std::size_t place = kPlace) { cell(place).counted = history_.reader(place).lost = counted; }

    /// What the checker says, of all that came; empty: nothing.
    std::string verdict(std::vector<std::size_t> const& places = {kPlace}) {
        Checker checker(history_);
        for (auto const place : places) checker.check(place, true);
        checker.finish();
        return checker.findings().empty() ? std::string() : checker.findings().front();
    }
    void expect_found(std::string const& what, std::vector<std::size_t> const& places = {kPlace}) {
        auto const found = verdict(places);
        EXPECT_NE(found.find(what), std::string::npos) << "found: '" << found << "'";
    }

    History history_;
};

TEST_F(ChurnChecker, HasNothingAgainstAGoodHistory) {
    gets(1, 10);
    comes(kOther, false);
    gets(1, 3, kOther);
    gets_one({.sequence = 6, .lost_before = 2}, kOther);
    gets(7, 10, kOther);
    loses(2, kOther);
    EXPECT_EQ(verdict({kPlace, kOther}), "");
}

TEST_F(ChurnChecker, FindsALostMessage) {
    gets(1, 4);
    gets(6, 10);
    expect_found("missing");
}

TEST_F(ChurnChecker, FindsALossOfAReliableSubscriberThoughItIsCounted) {
    gets(1, 4);
    gets_one({.sequence = 6, .lost_before = 1});
    gets(7, 10);
    loses(1);
    expect_found("are not what was given up");
}

TEST_F(ChurnChecker, FindsALostEnd) {
    gets(1, 9);
    expect_found("did not get the last messages");
}

TEST_F(ChurnChecker, FindsThatNothingCame) { expect_found("got nothing of it"); }

TEST_F(ChurnChecker, FindsALostBeginning) {
    cell().begun_at_join = 3;
    gets(5, 10);
    expect_found("missed messages of after it had subscribed");
}

TEST_F(ChurnChecker, FindsMessagesOfBeforeItCame) {
    cell().committed_before = 3;
    cell().begun_at_join = 5;
    gets(3, 10);
    expect_found("of before it subscribed");
}

TEST_F(ChurnChecker, LetsASubscriberBeginAnywhereWithinItsJoining) {
    cell().committed_before = 3;
    cell().begun_at_join = 5;
    gets(5, 10);
    EXPECT_EQ(verdict(), "");
}

TEST_F(ChurnChecker, FindsADoubledMessage) {
    gets(1, 5);
    gets(5, 10);
    expect_found("doubled");
}

TEST_F(ChurnChecker, FindsAMessageOutOfOrder) {
    gets(1, 4);
    gets_one({.sequence = 6});
    gets_one({.sequence = 5});
    gets(7, 10);
    expect_found("out of order");
}

TEST_F(ChurnChecker, FindsATornMessage) {
    gets(1, 4);
    gets_one({.sequence = 5, .whole = false});
    gets(6, 10);
    expect_found("1 torn messages, the first at 5");
}

TEST_F(ChurnChecker, FindsAMessageThatWasNeverPublished) {
    gets(1, 11);
    expect_found("never published");
}

TEST_F(ChurnChecker, FindsALossThatIsCountedTooLow) {
    comes(kOther, false);
    gets(1, 4, kOther);
    gets_one({.sequence = 8, .lost_before = 2}, kOther);
    gets(9, 10, kOther);
    loses(2, kOther);
    expect_found("missing", {kOther});
}

TEST_F(ChurnChecker, FindsALossThatIsToldAndNotCounted) {
    comes(kOther, false);
    gets(1, 4, kOther);
    gets_one({.sequence = 8, .lost_before = 3}, kOther);
    gets(9, 10, kOther);
    loses(2, kOther);
    expect_found("less than what was told", {kOther});
}

TEST_F(ChurnChecker, FindsALossThatIsCountedAndWasNone) {
    gets(1, 10);
    loses(1);
    expect_found("counted 1 after the last message, 0 were given up");
}

TEST_F(ChurnChecker, LetsABestEffortSubscriberSkipTheEndOfAKilledPublisherIfItCountsIt) {
    ends(End::killed);
    comes(kOther, false);
    gets(1, 7, kOther);
    loses(3, kOther);
    gets(1, 10);
    EXPECT_EQ(verdict({kPlace, kOther}), "");
    loses(2, kOther);
    expect_found("counted 2 after the last message", {kOther});
}

TEST_F(ChurnChecker, FindsAReliableSubscriberThatSkippedTheEndThoughItIsCounted) {
    ends(End::killed);
    gets(1, 7);
    loses(3);
    expect_found("counted 3 after the last message");
}

TEST_F(ChurnChecker, KnowsWhatAPublisherGaveUp) {
    publisher().plan.drops = true;
    publisher().dropped = 3;
    publisher().begun = 10;
    publisher().committed = 9;
    gets(1, 4);
    gets_one({.sequence = 7, .lost_before = 2, .dropped = 2});
    gets_one({.sequence = 8, .dropped = 2});
    gets_one({.sequence = 9, .dropped = 2});
    loses(3);
    EXPECT_EQ(verdict(), "");
    loses(2);
    expect_found("1 were given up");
}

TEST_F(ChurnChecker, TakesTheLastCallOfAKilledPublisherWholeOrNotAtAll) {
    publisher().begun = 14;  // a batch of four
    ends(End::killed);
    gets(1, 10);
    EXPECT_EQ(verdict(), "");
    gets(11, 12);
    expect_found("half of a batch");
    gets(13, 14);
    EXPECT_EQ(verdict(), "");
}

TEST_F(ChurnChecker, FindsThatTwoDisagreeOnTheLastCallOfAKilledPublisher) {
    publisher().begun = 14;
    ends(End::killed);
    comes(kOther, false);
    gets(1, 10);
    gets(1, 14, kOther);
    expect_found("another subscriber ended with 10", {kPlace, kOther});
}

TEST_F(ChurnChecker, FindsThatAKilledSubscriberGotWhatOthersDidNot) {
    publisher().begun = 14;
    ends(End::killed);
    comes(kOther, true);
    gets(1, 10);
    gets(1, 14, kOther);
    history_.reader(kOther).drained = false;
    expect_found("somebody got message 14", {kPlace, kOther});
}

TEST_F(ChurnChecker, FindsMessagesOfOneThatHadGone) {
    ends(End::left);
    history_.reader(kPlace).joining_at = 1;
    gets(1, 10);
    expect_found("was gone before it subscribed");
}

TEST_F(ChurnChecker, AsksAKilledSubscriberForNothingThatWasToCome) {
    history_.reader(kPlace).drained = false;
    gets(1, 4);
    Checker checker(history_);
    checker.check(kPlace, false);
    EXPECT_TRUE(checker.findings().empty());
}

TEST(ChurnMessage, TellsEachByteThatIsWrong) {
    PublisherRecord::Plan const plan{.most_bytes = 200, .seed = 5};
    std::uint64_t dropped = 0;
    for (std::uint64_t sequence = 1; sequence < 50; ++sequence) {
        std::vector<std::byte> bytes(bytes_of(plan, sequence));
        fill(plan, sequence, 0, bytes);
        EXPECT_TRUE(is_whole(plan, sequence, bytes, dropped));
        auto const from = bytes.size() >= 16 ? std::size_t{8} : std::size_t{0};  // the first eight say what was dropped
        for (auto i = from; i < bytes.size(); ++i) {
            bytes[i] ^= std::byte{1};
            EXPECT_FALSE(is_whole(plan, sequence, bytes, dropped)) << sequence << ", byte " << i;
            bytes[i] ^= std::byte{1};
        }
        bytes.push_back({});
        EXPECT_FALSE(is_whole(plan, sequence, bytes, dropped));
    }
}

}  // namespace

}  // namespace bus::test::churn

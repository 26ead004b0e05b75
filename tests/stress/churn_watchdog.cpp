// One look at everybody.
#include "churn_watchdog.hpp"

#include <algorithm>

#include "churn_process.hpp"

namespace bus::test::churn {

namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

void Watchdog::look(bool broker_serves) {
    auto const now = Clock::now();
    auto const passed = std::min<Time>(now - last_, 2 * kPeriod);
    last_ = now;
    bool paused = false;
    for (std::size_t place = 0; place < watched_.size(); ++place) paused |= fleet_.is_paused(place);
    for (std::size_t place = 0; place < watched_.size(); ++place)
        if (fleet_.lives(place)) look_at(place, passed, broker_serves, paused);
}

void Watchdog::look_at(std::size_t place, Time passed, bool broker_serves, bool anybody_paused) {
    auto& watched = watched_[place];
    auto const& client = history_.client(place);
    auto const progress = client.progress.load();
    auto const phase = client.phase.load();
    if (watched.pid != fleet_.pid(place)) watched = {.pid = fleet_.pid(place)};
    if (progress != watched.progress || phase == Phase::outside || fleet_.is_paused(place)) {
        watched.progress = progress;
        watched.phase = phase;
        watched.asleep = watched.still = Time::zero();
        return;
    }
    bool const receives = phase == Phase::receiving || phase == Phase::polling;
    auto const overslept = receives ? what_it_missed(place, broker_serves) : Overslept();
    bool const sleeps = !overslept.what.empty() && state_of(watched.pid) == 'S';
    watched.asleep = sleeps ? watched.asleep + passed : Time::zero();
    bool const needs_broker = phase != Phase::publishing;
    bool const may_stand = receives || anybody_paused || (needs_broker && !broker_serves);
    watched.still = may_stand ? Time::zero() : watched.still + passed;
    longest_sleep_ = std::max(longest_sleep_, watched.asleep);
    longest_still_ = std::max(longest_still_, watched.still);
    auto const too_long_asleep = overslept.lives ? kAsleep : kAsleepOfDead;
    if (watched.said || (watched.asleep < too_long_asleep && watched.still < kStuck)) return;
    watched.said = true;
    findings_.push_back("client " + std::to_string(place) + " (pid " + std::to_string(watched.pid) + ", " + text_of(phase) + ") " +
                        (overslept.what.empty() ? "is stuck" : "slept over available data: " + overslept.what));
}

// What it has not got of what is there for it; empty: nothing.
Watchdog::Overslept Watchdog::what_it_missed(std::size_t place, bool broker_serves) const {
    auto const& reader = history_.reader(place);
    if (!reader.joined) return {};
    for (auto const index : fleet_.recent_publishers()) {
        auto const& publisher = history_.publishers()[index];
        bool const lives = publisher.end == End::lives;
        if ((reader.plan.topics >> publisher.plan.topic & 1) == 0 || (!lives && !broker_serves)) continue;
        if (!lives && publisher.ended_at <= reader.joining_at) continue;
        auto const& cell = history_.cell(place, index);
        bool const known = cell.reader == reader.plan.reader;
        auto const has = known ? std::max(cell.last, cell.begun_at_join) : 0;
        // Of one that was killed inside a call, what others got of it is there as well.
        auto available = publisher.committed.load();
        for (auto other = kPublishers; !lives && other < kPublishers + kSubscribers; ++other) {
            auto const& others = history_.cell(other, index);
            if (others.reader == history_.reader(other).plan.reader) available = std::max(available, others.last);
        }
        if (available > has)
            return {"message " + std::to_string(has + 1) + " to " + std::to_string(available) + " of publisher " + std::to_string(index) +
                        (lives ? "" : " (dead)") + (known ? "" : ", of which it knows nothing"),
                    lives};
    }
    return {};
}

}  // namespace bus::test::churn

// Looks every few milliseconds whether a client stands still that should not.
//
// A subscriber sleeps over available data where a message that is due to it is committed, by a publisher that lives or while a busd serves
// (which rings for the dead), and the kernel says at each look that it sleeps, with no call of it coming to anything. A client is stuck
// that gets no further inside a publish, or, though a busd serves, while it comes or leaves; and nobody was stopped meanwhile.
// Time is counted in looks that came in time: where the machine had no time for us, it had none for the others.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "churn_fleet.hpp"

namespace bus::test::churn {

class Watchdog {
public:
    using Time = std::chrono::steady_clock::duration;
    static constexpr Time kPeriod = std::chrono::milliseconds(10);
    static constexpr Time kAsleep = std::chrono::milliseconds(250);  // of those who live, the bell was rung before publish() returned
    static constexpr Time kAsleepOfDead = std::chrono::seconds(1);   // busd has to hear of the death
    static constexpr Time kStuck = std::chrono::seconds(2);

    Watchdog(History& history, Fleet const& fleet) : history_(history), fleet_(fleet) {}

    void look(bool broker_serves);

    std::vector<std::string> const& findings() const { return findings_; }
    std::chrono::milliseconds longest_sleep() const { return std::chrono::duration_cast<std::chrono::milliseconds>(longest_sleep_); }
    std::chrono::milliseconds longest_still() const { return std::chrono::duration_cast<std::chrono::milliseconds>(longest_still_); }

private:
    struct Watched {
        pid_t pid = 0;
        std::uint64_t progress = 0;
        Phase phase = Phase::starting;
        Time asleep{0}, still{0};
        bool said = false;
    };
    void look_at(std::size_t place, Time passed, bool broker_serves, bool anybody_paused);
    struct Overslept {
        std::string what;  // empty: nothing
        bool lives = false;
    };
    Overslept what_it_missed(std::size_t place, bool broker_serves) const;

    History& history_;
    Fleet const& fleet_;
    std::vector<Watched> watched_{kPublishers + kSubscribers};
    std::chrono::steady_clock::time_point last_{};
    Time longest_sleep_{0}, longest_still_{0};
    std::vector<std::string> findings_;
};

}  // namespace bus::test::churn

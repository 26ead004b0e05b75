// The clients of the churn campaign: started, stopped for a while, told to leave, killed, and replaced.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "churn_bell.hpp"
#include "churn_checker.hpp"
#include "churn_roles.hpp"
#include "support/child.hpp"

namespace bus::test::churn {

inline constexpr std::size_t kPublishers = 5;
inline constexpr std::size_t kSubscribers = 9;
/// These are never killed: the first publisher, and a reliable and a best-effort subscriber of everything.
inline bool is_survivor(std::size_t place) { return place == 0 || place == kPublishers || place == kPublishers + 1; }

/// Where a client died.
struct Death {
    std::size_t place = 0;
    Phase phase = Phase::outside;
    bool asleep = false;  // in the kernel, waiting: for room, or for a message

    bool is_publisher() const { return place < kPublishers; }
    /// Inside a publish or a receive, and at work there.
    bool is_inside() const;
};

class Fleet {
public:
    Fleet(History& history, Checker& checker, ConnectionOptions options, std::uint64_t seed);

    void start_all();
    /// Of those who live, this one or the next that may be killed.
    std::size_t victim_at(std::size_t place) const;
    /// SIGKILL. `aimed`: it is let go again and again, up to some times, until it stands inside a call; then another one.
    Death kill(std::size_t place, bool aimed);
    /// Kills a publisher that has committed a message while somebody who is to get it sleeps. Returns: none where it wasn't to be had.
    std::optional<Death> kill_before_bell(std::size_t place, RingTap const& tap);
    /// Tells it to leave, and waits until it has.
    void leave(std::size_t place);
    /// Takes what was stopped on again where its time is over, and sees who ended unasked.
    void look();
    void pause(std::size_t place, std::chrono::steady_clock::duration time);
    bool is_paused(std::size_t place) const { return members_[place].paused_until.has_value(); }
    bool lives(std::size_t place) const { return members_[place].child != nullptr; }
    bool is_starting(std::size_t place) const { return history_.client(place).phase == Phase::starting; }
    pid_t pid(std::size_t place) const { return members_[place].child ? members_[place].child->pid() : 0; }
    std::size_t publisher_at(std::size_t place) const { return members_[place].publisher; }
    /// Those that live, and the last that died.
    std::vector<std::size_t> recent_publishers() const;
    /// After kill() or leave(): another one comes to this place, after a while where enough are there.
    void replace(std::size_t place, std::chrono::steady_clock::duration after = {});
    /// Everybody leaves, publishers first; then all is read to the end.
    void end();
    bool is_full() const { return history_.publisher_count() + kPublishers >= kMaxPublishers; }

    std::vector<std::string> const& findings() const { return findings_; }
    std::uint64_t pauses() const { return pauses_; }

private:
    struct Member {
        std::unique_ptr<Child> child;
        std::size_t publisher = 0;
        std::optional<std::chrono::steady_clock::time_point> paused_until;
        std::chrono::steady_clock::time_point due;  // where nobody is: when somebody comes
    };
    void start(std::size_t place);
    std::optional<Death> stand_still(std::size_t place);
    bool does_anybody_sleep_over(std::size_t publisher, std::uint64_t sequence) const;
    void start_publisher(std::size_t place);
    void start_subscriber(std::size_t place);
    void go_on(std::size_t place);
    void buried(std::size_t place, bool left);
    bool has_left(std::size_t place);
    void ask_to_leave(std::size_t place);

    History& history_;
    Checker& checker_;
    ConnectionOptions options_;
    std::uint64_t seed_;
    std::mt19937_64 random_;
    std::vector<Member> members_{kPublishers + kSubscribers};
    std::deque<std::size_t> dead_;
    std::uint64_t readers_ = 0, pauses_ = 0;
    std::vector<std::string> findings_;
};

}  // namespace bus::test::churn

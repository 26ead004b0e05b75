// The churn campaign: which kill comes next is drawn from the seed, by its number; when it hits is the machine's doing.
#pragma once

#include <chrono>
#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "churn_broker.hpp"
#include "churn_fleet.hpp"
#include "churn_watchdog.hpp"

namespace bus::test::churn {

struct Size {
    std::uint64_t client_kills = 150, broker_kills = 15;
    std::chrono::seconds longest = std::chrono::seconds(12);
    std::uint64_t seed = 0;

    /// $BUS_STRESS beyond 1: that many thousand client kills and hundred of busd. $BUS_CHURN_SECONDS, $BUS_SEED.
    static Size from_environment();
};

/// Where they died.
struct Tally {
    std::map<std::string, std::uint64_t> clients;
    std::map<BrokerPhase, std::uint64_t> brokers;
    std::uint64_t client_kills = 0, broker_kills = 0, inside = 0;
    std::uint64_t aimed = 0, before_bell = 0, hand_overs = 0, leaves = 0;

    double share() const;
};

class Campaign {
public:
    explicit Campaign(Size const& size);

    /// Until all kills are done or the time is over; then everybody leaves, and busd ends.
    void run();
    std::vector<std::string> findings() const;
    Tally const& tally() const { return tally_; }
    void print(std::ostream& out) const;

private:
    bool is_over() const;
    void wait(std::chrono::steady_clock::duration time);
    void act(std::uint64_t number);
    void kill_client(std::size_t place, bool aimed, std::chrono::steady_clock::duration away);
    void kill_before_bell(std::size_t place);
    void count(Death const& death);
    void kill_broker();
    void keep_calm(bool with_broker, std::size_t place);
    void strike_broker(std::uint64_t manner, double share, std::size_t place);
    void kill_in_adoption(double share);
    void start_broker_after(std::chrono::steady_clock::duration time);

    Size size_;
    History history_;
    Checker checker_{history_};
    Broker broker_;
    Fleet fleet_;
    Watchdog watchdog_{history_, fleet_};
    Tally tally_;
    std::chrono::steady_clock::time_point begun_, next_look_{}, broker_due_{};
    std::chrono::steady_clock::duration took_{};
    std::uint64_t actions_ = 0;
    std::vector<std::string> left_;
};

}  // namespace bus::test::churn

// Drawing and doing.
#include "churn_campaign.hpp"

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <random>

#include "churn_client.hpp"
#include "support/eventually.hpp"

namespace bus::test::churn {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kTick = 1ms;
constexpr std::uint64_t kCalmEvery = 50;            // actions
constexpr auto kCalm = 1200ms, kLongCalm = 2300ms;  // more than the watchdog allows
constexpr std::uint64_t kBetweenUs = 20'000;        // two actions, at most
constexpr double kWantedShare = 0.45;               // of the kills that hit somebody inside a call: below it each one is aimed

std::uint64_t number_in(char const* name, std::uint64_t otherwise) {
    char const* const text = std::getenv(name);
    return text == nullptr || std::atoll(text) <= 0 ? otherwise : static_cast<std::uint64_t>(std::atoll(text));
}

void append(std::vector<std::string>& all, std::vector<std::string> const& more) { all.insert(all.end(), more.begin(), more.end()); }

}  // namespace

Size Size::from_environment() {
    Size size;
    if (auto const factor = number_in("BUS_STRESS", 1); factor > 1) {
        size.client_kills = 1000 * factor;
        size.broker_kills = 100 * factor;
        size.longest = std::chrono::seconds(170 * factor);
    }
    size.longest = std::chrono::seconds(number_in("BUS_CHURN_SECONDS", static_cast<std::uint64_t>(size.longest.count())));
    size.seed = number_in("BUS_SEED", std::random_device()());
    return size;
}

double Tally::share() const {
    auto const all = client_kills + broker_kills;
    return all == 0 ? 0 : static_cast<double>(inside) / static_cast<double>(all);
}

Campaign::Campaign(Size const& size) : size_(size), fleet_(history_, checker_, broker_.options(), size.seed) {}

bool Campaign::is_over() const {
    if (Clock::now() - begun_ > size_.longest || fleet_.is_full()) return true;
    return tally_.client_kills >= size_.client_kills && tally_.broker_kills >= size_.broker_kills;
}

void Campaign::run() {
    begun_ = Clock::now();
    fleet_.start_all();
    wait(50ms);
    while (!is_over()) act(++actions_);
    took_ = Clock::now() - begun_;
    if (!broker_.is_running()) broker_.start();
    if (!broker_.wait_until_it_serves()) return;
    fleet_.end();
    if (!eventually([&] { return list_clients(broker_.options()).value().empty(); }))
        left_.emplace_back("sessions of clients that have gone");
    append(left_, broker_.end());
}

// All that goes on beside the kills.
void Campaign::wait(Clock::duration time) {
    auto const until = Clock::now() + time;
    do {
        if (!broker_.is_running() && Clock::now() >= broker_due_) broker_.start();
        fleet_.look();
        if (Clock::now() >= next_look_) {
            watchdog_.look(broker_.serves());
            next_look_ = Clock::now() + Watchdog::kPeriod;
        }
        pause_us(std::chrono::microseconds(kTick).count());
    } while (Clock::now() < until);
}

// All that is drawn is drawn first, and in the same order: it must not depend on what happened.
void Campaign::act(std::uint64_t number) {
    std::mt19937_64 random(size_.seed * 1'000'003 + number);
    auto const what = random() % 100;
    auto const place = random() % (kPublishers + kSubscribers);
    bool const aimed = random() % 3 != 0;
    auto const manner = random() % 8;
    double const share = static_cast<double>(random() % 120) / 100;
    auto const pause = random() % 16 == 0 ? 1500ms : std::chrono::milliseconds(random() % 200);
    auto const away = random() % 6 == 0 ? std::chrono::milliseconds(random() % 2500) : 0ms;  // until another one comes
    auto const gap = std::chrono::microseconds(random() % kBetweenUs);
    if (number % kCalmEvery == kCalmEvery / 2) {
        keep_calm(number / kCalmEvery % 3 != 1, place);
    } else if (what < 78) {
        kill_client(place, aimed, away);
    } else if (what < 84) {
        fleet_.pause(place, pause);
    } else if (what < 92) {
        auto const victim = fleet_.victim_at(place);
        // Who has come leaves without busd as well; who is coming has to come first.
        if (!broker_.is_running() && fleet_.is_starting(victim)) broker_.start();
        fleet_.leave(victim);
        fleet_.replace(victim, away);
        ++tally_.leaves;
    } else {
        strike_broker(manner, share, place);
    }
    wait(gap);
}

void Campaign::kill_client(std::size_t place, bool aimed, Clock::duration away) {
    aimed = aimed || tally_.share() < kWantedShare;  // beside other work clients sleep more
    auto const death = fleet_.kill(fleet_.victim_at(place), aimed);
    fleet_.replace(death.place, away);
    if (aimed) ++tally_.aimed;
    count(death);
}

void Campaign::count(Death const& death) {
    ++tally_.client_kills;
    if (death.is_inside()) ++tally_.inside;
    ++tally_.clients[std::string(death.is_publisher() ? "publisher " : "subscriber ") + text_of(death.phase) +
                     (death.asleep ? ", asleep" : "")];
}

void Campaign::kill_broker() {
    auto const phase = broker_.kill();
    ++tally_.broker_kills;
    ++tally_.brokers[phase];
    if (phase == BrokerPhase::adopting) ++tally_.inside;
}

// Nobody wakes a sleeper by the way: the dead publisher's readers have busd alone, the dead subscriber's publishers only themselves.
void Campaign::keep_calm(bool with_broker, std::size_t place) {
    if (with_broker) {
        kill_before_bell(place % kPublishers);
        return wait(kCalm);
    }
    if (broker_.is_running()) kill_broker();
    start_broker_after(kLongCalm);
    kill_client(kPublishers + place % kSubscribers, true, kLongCalm);
    wait(kLongCalm);
}

void Campaign::kill_before_bell(std::size_t place) {
    while (is_survivor(place) || !fleet_.lives(place)) place = place + 1 < kPublishers ? place + 1 : fleet_.victim_at(0);
    if (place >= kPublishers) return;  // no publisher is there
    auto const tap = RingTap::open(broker_.bus(), history_.publishers()[fleet_.publisher_at(place)].id);
    auto const death = tap ? fleet_.kill_before_bell(place, *tap) : std::nullopt;
    if (!death) return kill_client(place, true, kCalm);
    ++tally_.before_bell;
    count(*death);
    fleet_.replace(place, kCalm);
}

void Campaign::start_broker_after(Clock::duration time) { broker_due_ = Clock::now() + time; }

void Campaign::kill_in_adoption(double share) {
    broker_.start();
    broker_.wait_for_adoption(share);
    kill_broker();
}

void Campaign::strike_broker(std::uint64_t manner, double share, std::size_t place) {
    if (!broker_.is_running()) return start_broker_after(0ms);
    start_broker_after(0ms);
    switch (manner) {
        case 0:
            if (!broker_.serves()) return;  // before that it knows no hand-over
            broker_.hand_over();
            ++tally_.hand_overs;
            return;
        case 1:
            kill_broker();
            return;
        case 2:
            kill_broker();
            return kill_client(place, false, 0ms);
        case 3:
            kill_broker();
            return start_broker_after(std::chrono::duration_cast<Clock::duration>(share * 200ms));
        case 4:
            kill_broker();
            kill_in_adoption(share);
            return kill_in_adoption(1.2 - share);
        default:
            kill_broker();
            return kill_in_adoption(share);
    }
}

std::vector<std::string> Campaign::findings() const {
    auto all = left_;
    for (auto const* some : {&checker_.findings(), &fleet_.findings(), &watchdog_.findings(), &broker_.findings()}) append(all, *some);
    return all;
}

void Campaign::print(std::ostream& out) const {
    auto const seconds = std::chrono::duration<double>(took_).count();
    out << "seed " << size_.seed << " (BUS_SEED), " << actions_ << " actions in " << seconds << " s\n";
    out << tally_.client_kills << " client kills (" << tally_.aimed << " aimed, " << tally_.before_bell << " between commit and bell):\n";
    for (auto const& [where, count] : tally_.clients) out << "    " << count << " " << where << "\n";
    out << tally_.broker_kills << " busd kills:\n";
    for (auto const& [phase, count] : tally_.brokers) out << "    " << count << " " << text_of(phase) << "\n";
    out << static_cast<int>(tally_.share() * 100) << " % of the kills hit a publish, a receive or an adoption\n";
    out << fleet_.pauses() << " stops and goes, " << tally_.leaves << " leaves, " << tally_.hand_overs << " hand-overs\n";
    out << history_.publisher_count() << " publishers; " << checker_.received() << " messages received and checked, " << checker_.lost()
        << " lost and counted, in " << checker_.pairs() << " pairs of publisher and subscriber\n";
    out << "longest sleep over available data " << watchdog_.longest_sleep().count() << " ms, longest call without progress "
        << watchdog_.longest_still().count() << " ms\n";
    out << findings().size() << " findings\n";
}

}  // namespace bus::test::churn

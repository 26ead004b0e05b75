// Forking, killing and burying clients.
#include "churn_fleet.hpp"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>

#include "churn_client.hpp"
#include "churn_process.hpp"
#include "support/eventually.hpp"

namespace bus::test::churn {

namespace {

constexpr int kAims = 120;
constexpr int kStops = 4000;
constexpr int kAimsAtOne = 6;
constexpr std::ptrdiff_t kMostAway = 4;
constexpr std::size_t kRemembered = 64;

using Clock = std::chrono::steady_clock;

}  // namespace

bool Death::is_inside() const {
    if (asleep) return false;
    return is_publisher() ? phase == Phase::publishing : phase == Phase::receiving;
}

Fleet::Fleet(History& history, Checker& checker, ConnectionOptions options, std::uint64_t seed)
    : history_(history), checker_(checker), options_(std::move(options)), seed_(seed), random_(seed) {
    options_.timeout = patience(std::chrono::minutes(1));
}

void Fleet::start_all() {
    for (std::size_t place = 0; place < members_.size(); ++place) start(place);
}

void Fleet::replace(std::size_t place, Clock::duration after) {
    bool const too_few = std::ranges::count_if(members_, [](Member const& member) { return member.child == nullptr; }) > kMostAway;
    members_[place].due = Clock::now() + after;
    if (too_few || after == Clock::duration::zero()) start(place);
}

std::size_t Fleet::victim_at(std::size_t place) const {
    while (is_survivor(place) || !lives(place)) place = (place + 1) % members_.size();
    return place;
}

void Fleet::start(std::size_t place) {
    auto& record = history_.client(place);
    record.phase = Phase::starting;
    record.progress = 0;
    record.leave = record.hears = false;
    record.trouble = {};
    if (place < kPublishers)
        start_publisher(place);
    else
        start_subscriber(place);
}

void Fleet::start_publisher(std::size_t place) {
    auto const index = history_.publisher_count().load();
    std::mt19937_64 random(seed_ + index);
    auto& plan = history_.publishers()[index].plan;
    plan.seed = random();
    plan.topic = static_cast<std::uint32_t>(random() % kTopics);
    plan.ring_bytes = 4096U << random() % 4;
    plan.most_bytes = random() % 4 == 0 ? plan.ring_bytes / 8 : 120;
    plan.drops = !is_survivor(place) && random() % 4 == 0;
    plan.paced = is_survivor(place) || random() % 4 != 0;
    if (plan.most_bytes * 4 + 512 > plan.ring_bytes / 4) plan.most_bytes = plan.ring_bytes / 16 - 128;  // four of them are a batch
    history_.publisher_count() = index + 1;
    auto& member = members_[place];
    member.publisher = index;
    auto options = options_;
    options.name = "publisher" + std::to_string(index);
    Place const mine{history_, options, place, index};
    member.child = std::make_unique<Child>(start_forked([mine] { return run_publisher(mine); }));
}

void Fleet::start_subscriber(std::size_t place) {
    using Style = ReaderRecord::Plan::Style;
    std::mt19937_64 random(seed_ ^ (0x9e3779b97f4a7c15 * ++readers_));
    auto& record = history_.reader(place);
    record.joined = record.drained = false;
    record.lost = record.received = record.misplaced = 0;
    auto& plan = record.plan;
    plan.reader = readers_;
    plan.topics = is_survivor(place) || random() % 2 == 0 ? (1U << kTopics) - 1 : 1U << random() % kTopics;
    plan.reliable = is_survivor(place) ? place == kPublishers : random() % 2 == 0;
    plan.style = static_cast<Style>(random() % 8 == 0 ? 3 : random() % 3);
    if (is_survivor(place)) plan.style = plan.reliable ? Style::sleep : Style::poll;
    plan.reads_slowly = !is_survivor(place) && random() % 5 == 0;
    auto options = options_;
    options.name = "subscriber" + std::to_string(readers_);
    Place const mine{history_, options, place, 0};
    members_[place].child = std::make_unique<Child>(start_forked([mine] { return run_subscriber(mine); }));
}

void Fleet::pause(std::size_t place, Clock::duration time) {
    auto& member = members_[place];
    if (member.paused_until || !member.child) return;
    member.child->kill(SIGSTOP);
    member.paused_until = Clock::now() + time;
    ++pauses_;
}

void Fleet::go_on(std::size_t place) {
    members_[place].child->kill(SIGCONT);
    members_[place].paused_until.reset();
}

// Stopped first: what it says of itself is then where it dies.
std::optional<Death> Fleet::stand_still(std::size_t place) {
    auto const& child = *members_[place].child;
    child.kill(SIGSTOP);
    if (!wait_until_stopped(child.pid())) return {};
    return Death{.place = place, .phase = history_.client(place).phase, .asleep = waits_in_kernel(child.pid())};
}

Death Fleet::kill(std::size_t place, bool aimed) {
    for (int aim = 0;; ++aim) {
        auto const death = stand_still(place);
        if (!death || !aimed || is_paused(place) || death->is_inside() || aim == kAims) {
            members_[place].child->kill(SIGKILL);
            buried(place, false);  // says how it ended where it was not by us
            return death.value_or(Death{.place = place});
        }
        members_[place].child->kill(SIGCONT);
        pause_us(random_() % 400);
        if (aim % kAimsAtOne == kAimsAtOne - 1) place = victim_at((place + 1) % members_.size());  // this one sleeps
    }
}

bool Fleet::does_anybody_sleep_over(std::size_t publisher, std::uint64_t sequence) const {
    for (auto place = kPublishers; place < members_.size(); ++place) {
        auto const& reader = history_.reader(place);
        bool const wants = (reader.plan.topics >> history_.publishers()[publisher].plan.topic & 1) != 0;
        auto const& cell = history_.cell(place, publisher);
        if (!lives(place) || is_paused(place) || !reader.joined || !wants) continue;
        if (cell.reader == reader.plan.reader && cell.last < sequence && state_of(pid(place)) == 'S' && waits_in_kernel(pid(place)))
            return true;
    }
    return false;
}

std::optional<Death> Fleet::kill_before_bell(std::size_t place, RingTap const& tap) {
    if (is_paused(place)) return {};
    auto const& publisher = history_.publishers()[members_[place].publisher];
    for (int stop = 0; stop < kStops; ++stop) {
        auto const death = stand_still(place);
        if (!death) return {};
        auto const begun = publisher.begun.load();
        bool const committed = death->phase == Phase::publishing && publisher.committed < begun && tap.sequence() >= begun;
        if (committed && does_anybody_sleep_over(members_[place].publisher, begun)) {
            members_[place].child->kill(SIGKILL);
            buried(place, false);
            return death;
        }
        members_[place].child->kill(SIGCONT);
        pause_us(random_() % 64);
    }
    return {};
}

void Fleet::ask_to_leave(std::size_t place) {
    history_.client(place).leave = true;
    if (members_[place].paused_until) go_on(place);
    if (history_.client(place).hears) members_[place].child->kill(SIGTERM);
}

bool Fleet::has_left(std::size_t place) {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(members_[place].child->pid()), &info, WEXITED | WNOHANG | WNOWAIT);
    return info.si_pid != 0;
}

// A signal that came just before a poll() is asked for again.
void Fleet::leave(std::size_t place) {
    bool const left = eventually([&] {
        ask_to_leave(place);
        return has_left(place);
    });
    if (!left) {
        findings_.push_back("client " + std::to_string(place) + " did not leave: " + text_of(history_.client(place).phase.load()));
        members_[place].child->kill(SIGKILL);
    }
    buried(place, left);
}

void Fleet::buried(std::size_t place, bool left) {
    auto& member = members_[place];
    member.paused_until.reset();
    auto const status = member.child->wait();
    auto const& record = history_.client(place);
    bool const as_wanted = left ? status == 0 : !status.exited && status.signal == SIGKILL;
    if (!as_wanted)
        findings_.push_back("client " + std::to_string(place) + " ended with " + status.text() + ", " + text_of(record.phase.load()) +
                            ": " + record.trouble.data());
    else if (record.trouble[0] != '\0')
        findings_.push_back("client " + std::to_string(place) + ": " + record.trouble.data());
    member.child.reset();
    if (place >= kPublishers) return checker_.check(place, left && status == 0);
    auto& publisher = history_.publishers()[member.publisher];
    publisher.end = left && status == 0 ? End::left : End::killed;
    publisher.ended_at = ++history_.ends();
    dead_.push_back(member.publisher);
    if (dead_.size() > kRemembered) dead_.pop_front();
}

std::vector<std::size_t> Fleet::recent_publishers() const {
    std::vector<std::size_t> recent(dead_.begin(), dead_.end());
    for (std::size_t place = 0; place < kPublishers; ++place)
        if (lives(place)) recent.push_back(members_[place].publisher);
    return recent;
}

void Fleet::look() {
    auto const now = Clock::now();
    for (std::size_t place = 0; place < members_.size(); ++place) {
        auto& member = members_[place];
        if (!member.child) {
            if (now >= member.due) start(place);
            continue;
        }
        if (member.paused_until && now >= *member.paused_until) go_on(place);
        if (!has_left(place)) continue;
        buried(place, false);
        start(place);
    }
}

void Fleet::end() {
    for (std::size_t place = 0; place < members_.size(); ++place)
        if (members_[place].paused_until) go_on(place);
    for (std::size_t place = 0; place < kPublishers; ++place)
        if (lives(place)) leave(place);
    history_.drains() = true;
    for (std::size_t place = kPublishers; place < members_.size(); ++place)
        if (lives(place)) leave(place);
    checker_.finish();
}

}  // namespace bus::test::churn

// Starting and killing busd.
#include "churn_broker.hpp"

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../system/busd.hpp"
#include "shm/registry_reader.hpp"

namespace bus::test::churn {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kShortest = std::chrono::milliseconds(1);  // that was over before we looked

// Looks all the time: the adoption it waits for takes a millisecond or two. Returns: whether it came in time.
template <class Condition>
bool spin_until(Condition&& condition, Clock::duration longest) {
    auto const end = Clock::now() + longest;
    while (!condition())
        if (Clock::now() >= end) return false;
    return true;
}

}  // namespace

char const* text_of(BrokerPhase phase) {
    switch (phase) {
        case BrokerPhase::starting:
            return "starting";
        case BrokerPhase::adopting:
            return "adopting";
        case BrokerPhase::serving:
            return "serving";
    }
    return "?";
}

Broker::Broker() {
    start();
    if (!wait_until_it_serves()) return;
    bus_ = look();
}

void Broker::start() {
    serves_ = false;
    child_ = std::make_unique<Child>(start_program(busd_path(), {}, {.errors = folder_.path_of("busd.log")}));
}

std::uint64_t Broker::registry_generation() const {
    auto const registry = shm::read_registry(folder_.path_of("default/registry"));
    return registry ? registry->head.generation : 0;
}

std::uint64_t Broker::generation() const { return bus_ ? bus_->generation() : 0; }

bool Broker::serves() {
    if (!child_ || serves_) return serves_;
    auto const bus = bus_ ? bus_ : look();
    serves_ = bus && bus->head().broker_pid == child_->pid() && bus->generation() == expected_ && bus->broker_alive() &&
              ::access(folder_.path_of("default/ready").c_str(), F_OK) == 0;
    return serves_;
}

bool Broker::wait_until_it_serves() {
    if (eventually([&] { return serves(); })) return true;
    findings_.push_back("busd did not get ready: " + last_words());
    return false;
}

void Broker::wait_for_adoption(double share) {
    if (!spin_until([&] { return registry_generation() == expected_; }, patience(std::chrono::seconds(5)))) return;
    auto const begun = Clock::now();
    auto const wanted = std::chrono::duration_cast<Clock::duration>(adoption_ * share);
    bool const done = spin_until([&] { return generation() == expected_; }, wanted);
    auto const took = Clock::now() - begun;
    // Where it was not done when it should have been, the machine was busy, or it takes longer than we thought.
    adoption_ = done ? std::max<std::chrono::nanoseconds>(took, kShortest) : share > 1 ? adoption_ * 5 / 4 : adoption_;
}

BrokerPhase Broker::kill() {
    child_->kill(SIGKILL);
    auto const status = child_->wait();
    child_.reset();
    serves_ = false;
    if (status.exited || status.signal != SIGKILL) findings_.push_back("busd ended by itself, " + status.text() + ": " + last_words());
    auto const phase = generation() == expected_            ? BrokerPhase::serving
                       : registry_generation() == expected_ ? BrokerPhase::adopting
                                                            : BrokerPhase::starting;
    if (phase != BrokerPhase::starting) ++expected_;
    return phase;
}

void Broker::hand_over() {
    child_->kill(SIGQUIT);
    auto const status = child_->wait();
    child_.reset();
    serves_ = false;
    ++expected_;
    if (!(status == 0)) findings_.push_back("busd ended with " + status.text() + " at its hand-over: " + last_words());
}

std::vector<std::string> Broker::end() {
    child_->kill(SIGTERM);
    auto const status = child_->wait();
    child_.reset();
    bus_.reset();
    std::vector<std::string> left;
    if (!(status == 0)) left.push_back("busd ended with " + status.text() + ": " + last_words());
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder_.path_of("default")))
        if (entry.path().filename() != "lock" && entry.path().filename() != "fifo") left.push_back("file " + entry.path().string());
    return left;
}

std::string Broker::last_words() const {
    std::ifstream file(folder_.path_of("busd.log"));
    std::ostringstream all;
    all << file.rdbuf();
    auto const text = all.str();
    return text.substr(text.size() - std::min<std::size_t>(text.size(), 600));
}

}  // namespace bus::test::churn

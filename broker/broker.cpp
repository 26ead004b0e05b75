// The loop.
#include "broker.hpp"

#include <csignal>

#include <array>

#include "dump.hpp"
#include "log.hpp"
#include "notify.hpp"
#include "own_objects.hpp"
#include "reaper.hpp"
#include "removal.hpp"
#include "rendezvous.hpp"
#include "sessions.hpp"

namespace bus::broker {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSignalTag = 0;
constexpr std::uint64_t kKnockTag = 1;
constexpr std::uint64_t kRemovalTag = 2;
constexpr sys::Duration kTick = 1s;
constexpr sys::Duration kHurry = 5ms, kHurryLasts = 500ms;  // an `ipcrm -a` is under way, or was when this bus began
constexpr sys::Duration kRetry = 2ms;                       // a lobby that was full is tried again

}  // namespace

Broker::Broker(BusFolder& folder, State& state, sys::SignalFd& signals, std::string config_path, bool in_place_of_another)
    : folder_(folder),
      state_(state),
      dispatcher_(state),
      signals_(signals),
      config_path_(std::move(config_path)),
      last_tick_(sys::steady_now()),
      hurry_until_(in_place_of_another ? sys::deadline_after(kHurryLasts) : sys::Deadline{}) {}

Result<Ending> Broker::run() {
    if (auto added = state_.poller.add(signals_.fd(), EPOLLIN, kSignalTag); !added) return added.error();
    if (auto added = state_.poller.add(folder_.knock.fd(), EPOLLIN, kKnockTag); !added) return added.error();
    watch_for_removal();
    std::array<sys::Poller::Ready, 64> ready;
    while (!ending_) {
        auto const count = state_.poller.wait_until(ready, next_look());
        if (!count && count.error() != Errc::timeout) return count.error();
        for (std::size_t i = 0; count && i < *count; ++i) {
            if (auto handled = handle_ready(ready[i].tag); !handled) return handled.error();
        }
        if (sys::has_passed(sys::deadline_from(last_tick_, tick_period()))) tick();
        more_ = dispatcher_.turn();
        waiting_ = dispatcher_.send_waiting();
    }
    return *ending_;
}

sys::Deadline Broker::next_look() const {
    if (more_) return sys::steady_now();
    if (waiting_) return sys::deadline_after(kRetry);
    return sys::deadline_from(last_tick_, tick_period());
}

sys::Duration Broker::tick_period() const { return sys::has_passed(hurry_until_) ? kTick : kHurry; }

// Without it, what goes is found a second later.
void Broker::watch_for_removal() {
    auto watch = RemovalWatch::start(state_.bus.alive);
    if (watch && state_.poller.add(watch->fd(), EPOLLIN, kRemovalTag)) removal_.emplace(std::move(*watch));
}

Result<void> Broker::handle_ready(std::uint64_t tag) {
    if (tag == kSignalTag) return handle_signals();
    if (tag == kKnockTag) {
        auto const drained = folder_.knock.drain();
        if (!drained) return drained.error();
        return {};
    }
    if (tag == kRemovalTag) {
        (void)state_.poller.remove(removal_->fd());
        removal_.reset();
        hurry_until_ = sys::deadline_after(kHurryLasts);
        tick();
        return {};
    }
    // Its last words first: who leaves in order says so before it closes its FIFO, and did not die. What stands in its place by now may be
    // another session.
    more_ = dispatcher_.turn() || more_;
    auto* const session = state_.sessions.at(static_cast<std::uint32_t>(tag - kFirstSessionTag));
    if (session == nullptr || !session->fifo) return {};
    auto const read = session->fifo->has_reader();
    if (read && !*read) nobody_reads_fifo(state_, *session);  // one that failed is asked again: the poller goes on telling
    return {};
}

Result<void> Broker::handle_signals() {
    for (;;) {
        auto const signal = signals_.try_read();
        if (!signal) return signal.error();
        if (!*signal) return {};
        switch ((*signal)->number) {
            case SIGTERM:
            case SIGINT:
                ending_ = Ending::clean;
                break;
            case SIGQUIT:
                if (!ending_) ending_ = Ending::handover;
                break;
            case SIGHUP:
                read_config_again();
                break;
            case SIGUSR1:
                dump_state(state_, folder_.bus);
                break;
            default:
                break;
        }
    }
}

void Broker::read_config_again() {
    if (config_path_.empty()) return log::info("SIGHUP: there is no configuration file to read again");
    notify_manager("RELOADING=1");
    auto config = load_config(config_path_);
    if (config) {
        config->tables = state_.config.tables;  // laid out already
        state_.rules = Rules(config->rules, state_.rules.own_uid(), sys::effective_gid());
        state_.config = std::move(*config);
        log::info("SIGHUP: read " + config_path_ + "; tables keep their sizes, segments their modes");
    } else {
        log::error("SIGHUP: the old configuration stays: " + config.error().what());
    }
    notify_manager("READY=1");
}

void Broker::check_whole() {
    auto const check = check_bus(state_, folder_);
    if (check.whole == Whole::yes) return;
    if (check.whole == Whole::taken) {
        log::error("another busd took " + check.missing + ": this one ends and leaves the folder to it; try: bus doctor");
        ending_ = Ending::taken;
        return;
    }
    log::error("somebody removed " + check.missing + ": the bus ends, and a new one begins; its clients go over to it; try: " +
               "bus doctor, and look for RemoveIPC= in logind.conf");
    ending_ = Ending::anew;
}

void Broker::tick() {
    last_tick_ = sys::steady_now();
    check_whole();
    if (ending_) return;
    look_after_own_objects(state_);
    if (!removal_ && is_there(shm::ObjectKind::alive, state_.bus.alive))
        watch_for_removal();  // else it would tell of its end again and again
    look_after_sessions(state_);
    take_back_unread(state_);
    forget_strangers(state_);
    state_.events.look_again();
}

}  // namespace bus::broker

// Parts that measurements share: the clock, round trips, polling.
#pragma once

#include <bus/bus.hpp>
#include <vector>

#include "report.hpp"
#include "shm/memory.hpp"

namespace bus::bench {

inline std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// One round trip after the other; half of each is one way. Returns: the median; adds all to `samples`.
template <class RoundTrip>
double round_trips(int count, std::vector<double>* samples, RoundTrip&& round_trip) {
    std::vector<double> all;
    all.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        auto const before = now_ns();
        round_trip();
        all.push_back(static_cast<double>(now_ns() - before) / 2);
    }
    if (samples != nullptr) samples->insert(samples->end(), all.begin(), all.end());
    return median(std::move(all));
}

template <class T>
Sample<T> poll(Subscriber<T>& subscriber) {
    for (;;) {
        if (auto sample = subscriber.try_receive()) return std::move(*sample);
        shm::cpu_relax();  // as the floor does
    }
}

template <class T>
Sample<T> doze(Subscriber<T>& subscriber) {
    return subscriber.receive().value();
}

/// One side of a conversation: what it hears and what it says.
template <class T>
struct Ends {
    Connection bus;
    Subscriber<T> in;
    Publisher<T> out;

    Ends(ConnectionOptions const& options, char const* hears, char const* says, SubscriberOptions const& how = {})
        : bus(Connection::open(options).value()), in(bus.subscriber<T>(hears, how).value()), out(bus.publisher<T>(says).value()) {}
    void wait_for_the_other() {
        out.wait_for_subscribers(1, std::chrono::seconds(10)).value();
        in.wait_for_publishers(1, std::chrono::seconds(10)).value();
    }
};

}  // namespace bus::bench

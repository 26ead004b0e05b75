// What a message costs, against the least it could cost on this machine: a bare ring, a bare semaphore.
// Usage: bench-pubsub [NAME-PART] [--json FILE] [--rounds N]
#include <sys/sem.h>

#include <bus/bus.hpp>
#include <bus/testing.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "bare_ring.hpp"
#include "peer.hpp"
#include "report.hpp"
#include "sys/semaphore_set.hpp"

namespace {

using bus::bench::BareRing;
using bus::bench::Comparison;
using bus::bench::Peer;
using namespace std::chrono_literals;

struct Settings {
    std::string only;
    std::string json = "bench.json";
    int rounds = 15;
};

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// One round trip after the other; half of each is one way. Returns: the median; adds all to `samples`.
template <class RoundTrip>
double round_trips(int count, std::vector<double>* samples, RoundTrip&& round_trip) {
    std::vector<double> all;
    for (int i = 0; i < count; ++i) {
        auto const before = now_ns();
        round_trip();
        all.push_back(static_cast<double>(now_ns() - before) / 2);
    }
    if (samples != nullptr) samples->insert(samples->end(), all.begin(), all.end());
    return bus::bench::median(std::move(all));
}

bus::Sample<bus::Bytes> poll(bus::Subscriber<bus::Bytes>& subscriber) {
    for (;;)
        if (auto sample = subscriber.try_receive()) return std::move(*sample);
}

/// Both sides echo; `take` is how they wait.
template <class Take>
void echo(bus::ConnectionOptions const& options, bus::SubscriberOptions const& how, Take&& take) {
    auto bus = bus::Connection::open(options).value();
    auto in = bus.subscriber<bus::Bytes>("ping", how).value();
    auto out = bus.publisher<bus::Bytes>("pong").value();
    for (;;) {
        auto const sample = take(in);
        (void)out.publish(sample.message()).value();
    }
}

Comparison polling_latency(Settings const& settings, std::size_t bytes) {
    constexpr int kTrips = 2000;
    Comparison result{"latency-polling-" + std::to_string(bytes), "ns one way", {}, {}, {}};
    bus::testing::LocalBroker const broker;
    auto& there = BareRing::create();
    auto& back = BareRing::create();
    Peer const bare([&] {
        std::vector<std::byte> buffer(bytes);
        for (;;) back.send(std::span(buffer.data(), there.receive(buffer.data())));
    });
    Peer const ours([&] { echo(broker.options("echo"), {}, poll); });
    auto bus = broker.connect("bench").value();
    auto in = bus.subscriber<bus::Bytes>("pong").value();
    auto out = bus.publisher<bus::Bytes>("ping").value();
    out.wait_for_subscribers(1, 10s).value();
    in.wait_for_publishers(1, 10s).value();
    std::vector<std::byte> buffer(bytes);
    for (int round = 0; round < settings.rounds; ++round) {
        // The one that is not measured polls too, on the same CPU as the other: it is stopped.
        result.floor_rounds.push_back(bare.alone(ours, [&] {
            return round_trips(kTrips, nullptr, [&] {
                there.send(buffer);
                (void)back.receive(buffer.data());
            });
        }));
        result.our_rounds.push_back(ours.alone(bare, [&] {
            return round_trips(kTrips, &result.samples, [&] {
                (void)out.publish(bus::Bytes(buffer)).value();
                (void)poll(in);
            });
        }));
    }
    return result;
}

Comparison sleeping_latency(Settings const& settings) {
    constexpr int kTrips = 500;
    Comparison result{"latency-sleeping-64", "ns one way", {}, {}, {}};
    bus::testing::LocalBroker const broker;
    bus::sys::SemaphoreValue const zeros[2] = {0, 0};
    auto const set = bus::sys::OwnedSemaphoreSet::create(IPC_PRIVATE, zeros, 0600).value();
    auto const turn = [set = set.get()](unsigned mine, unsigned yours) {
        set.post(yours).value();
        set.acquire_until(mine, bus::Deadline::max()).value();
    };
    Peer const bare([&] {
        set.get().acquire_until(1, bus::Deadline::max()).value();
        for (;;) turn(1, 0);
    });
    bus::SubscriberOptions const no_spin{.spin = 0s};
    auto const doze = [](bus::Subscriber<bus::Bytes>& subscriber) { return subscriber.receive().value(); };
    Peer const ours([&] { echo(broker.options("echo"), no_spin, doze); });
    auto bus = broker.connect("bench").value();
    auto in = bus.subscriber<bus::Bytes>("pong", no_spin).value();
    auto out = bus.publisher<bus::Bytes>("ping").value();
    out.wait_for_subscribers(1, 10s).value();
    in.wait_for_publishers(1, 10s).value();
    std::vector<std::byte> const buffer(64);
    for (int round = 0; round < settings.rounds; ++round) {
        result.floor_rounds.push_back(round_trips(kTrips, nullptr, [&] { turn(0, 1); }));
        result.our_rounds.push_back(round_trips(kTrips, &result.samples, [&] {
            (void)out.publish(bus::Bytes(buffer)).value();
            (void)doze(in);
        }));
    }
    return result;
}

/// From the first message to the echo of the last.
Comparison throughput(Settings const& settings, std::size_t bytes, bus::Stamp stamp, std::string const& name) {
    constexpr int kMessages = 200'000;
    Comparison result{name, "ns a message", {}, {}, {}};
    bus::testing::LocalBroker const broker;
    auto& there = BareRing::create();
    auto& back = BareRing::create();
    Peer const bare([&] {
        std::vector<std::byte> buffer(bytes);
        for (int i = 1;; ++i) {
            (void)there.receive(buffer.data());
            if (i % kMessages == 0) back.send(buffer);
        }
    });
    Peer const ours([&] {
        auto bus = bus::Connection::open(broker.options("sink")).value();
        auto in = bus.subscriber<bus::Bytes>("ping", {.reliable = true}).value();
        auto out = bus.publisher<bus::Bytes>("pong").value();
        for (int i = 1;; ++i) {
            auto const sample = poll(in);
            if (i % kMessages == 0) (void)out.publish(sample.message()).value();
        }
    });
    auto bus = broker.connect("bench").value();
    auto in = bus.subscriber<bus::Bytes>("pong").value();
    auto out = bus.publisher<bus::Bytes>("ping", {.stamp = stamp}).value();
    out.wait_for_subscribers(1, 10s).value();
    in.wait_for_publishers(1, 10s).value();
    std::vector<std::byte> buffer(bytes);
    auto const per_message = [](auto&& all) {
        auto const before = now_ns();
        all();
        return static_cast<double>(now_ns() - before) / kMessages;
    };
    for (int round = 0; round < settings.rounds; ++round) {
        result.floor_rounds.push_back(bare.alone(ours, [&] {
            return per_message([&] {
                for (int i = 0; i < kMessages; ++i) there.send(buffer);
                (void)back.receive(buffer.data());
            });
        }));
        result.our_rounds.push_back(ours.alone(bare, [&] {
            return per_message([&] {
                for (int i = 0; i < kMessages; ++i) (void)out.publish(bus::Bytes(buffer)).value();
                (void)poll(in);
            });
        }));
    }
    return result;
}

/// What publishing costs the publisher with many that poll, against one. The floor is the one.
Comparison fan_out(Settings const& settings) {
    constexpr int kMessages = 100'000;
    constexpr int kMany = 64;
    Comparison result{"publish-64-polling", "ns a message, floor: 1 polling", {}, {}, {}};
    bus::testing::LocalBroker const broker;
    auto const follow = [&](int count, std::string const& topic) {
        auto bus = bus::Connection::open(broker.options("followers")).value();
        std::vector<bus::Subscriber<bus::Bytes>> subscribers;
        for (int i = 0; i < count; ++i) subscribers.push_back(bus.subscriber<bus::Bytes>(topic).value());
        for (;;)
            for (auto& subscriber : subscribers)
                for (int i = 0; i < 64 && subscriber.try_receive(); ++i) {
                }
    };
    Peer const one_peer([&] { follow(1, "one"); });
    Peer const many_peer([&] { follow(kMany, "many"); });
    auto bus = broker.connect("bench").value();
    auto one = bus.publisher<bus::Bytes>("one").value();
    auto many = bus.publisher<bus::Bytes>("many").value();
    one.wait_for_subscribers(1, 10s).value();
    many.wait_for_subscribers(kMany, 10s).value();
    std::vector<std::byte> const buffer(64);
    auto const cost = [&](bus::Publisher<bus::Bytes>& publisher) {
        auto const before = now_ns();
        for (int i = 0; i < kMessages; ++i) (void)publisher.publish(bus::Bytes(buffer)).value();
        return static_cast<double>(now_ns() - before) / kMessages;
    };
    for (int round = 0; round < settings.rounds; ++round) {
        result.floor_rounds.push_back(one_peer.alone(many_peer, [&] { return cost(one); }));
        result.our_rounds.push_back(many_peer.alone(one_peer, [&] { return cost(many); }));
    }
    return result;
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i < argc; ++i) {
        std::string_view const argument = argv[i];
        if (argument == "--json" && i + 1 < argc)
            settings.json = argv[++i];
        else if (argument == "--rounds" && i + 1 < argc)
            settings.rounds = std::max(1, std::atoi(argv[++i]));
        else
            settings.only = argument;
    }
    bus::bench::pin(0);
    std::vector<Comparison> all;
    auto const run = [&](std::string_view name, auto&& measure) {
        if (name.find(settings.only) != name.npos) all.push_back(measure());
    };
    run("latency-polling-64", [&] { return polling_latency(settings, 64); });
    run("latency-polling-1024", [&] { return polling_latency(settings, 1024); });
    run("latency-sleeping-64", [&] { return sleeping_latency(settings); });
    run("throughput-64", [&] { return throughput(settings, 64, bus::Stamp::precise, "throughput-64"); });
    run("throughput-64-unstamped", [&] { return throughput(settings, 64, bus::Stamp::none, "throughput-64-unstamped"); });
    run("throughput-1024", [&] { return throughput(settings, 1024, bus::Stamp::precise, "throughput-1024"); });
    run("publish-64-polling", [&] { return fan_out(settings); });
    bus::bench::report(all, settings.json);
}

// One way, there and back: two programs that poll, or sleep.
#include <sys/sem.h>

#include <bus/testing.hpp>
#include <cstring>

#include "bare_ring.hpp"
#include "measurements.hpp"
#include "peer.hpp"
#include "round_trips.hpp"
#include "small_message.hpp"
#include "sys/semaphore_set.hpp"

namespace bus::bench {

namespace {

constexpr int kTrips = 2000;
constexpr int kSleepyTrips = 500;

/// Protobuf over the bare ring: what any bus of typed messages has to do.
class BareTyped {
public:
    void send(BareRing& ring, Small const& message) {
        auto const bytes = message.ByteSizeLong();
        message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(buffer_));
        ring.send(std::span(buffer_, bytes));
    }
    Small const& receive(BareRing& ring) {
        auto const bytes = ring.receive(buffer_);
        if (!received_.ParseFromArray(buffer_, static_cast<int>(bytes))) std::abort();
        return received_;
    }

private:
    std::byte buffer_[256];
    Small received_;
};

}  // namespace

Comparison polling_latency(Settings const& settings, std::size_t bytes, double limit) {
    Comparison result{.name = "latency-polling-" + std::to_string(bytes), .unit = "ns one way", .limit = limit};
    testing::LocalBroker const broker;
    auto& there = BareRing::create();
    auto& back = BareRing::create();
    Peer const bare([&] {
        std::vector<std::byte> buffer(bytes);
        for (;;) back.send(std::span(buffer.data(), there.receive(buffer.data())));
    });
    Peer const ours([&] {
        Ends<Bytes> echo(broker.options("echo"), "ping", "pong");
        for (;;) (void)echo.out.publish(poll(echo.in).message()).value();
    });
    Ends<Bytes> ends(broker.options("bench"), "pong", "ping");
    ends.wait_for_the_other();
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
                (void)ends.out.publish(Bytes(buffer)).value();
                (void)poll(ends.in);
            });
        }));
    }
    return result;
}

Comparison typed_latency(Settings const& settings, double limit) {
    Comparison result{.name = "latency-typed", .unit = "ns one way; floor: bare ring and protobuf", .limit = limit};
    testing::LocalBroker const broker;
    auto& there = BareRing::create();
    auto& back = BareRing::create();
    Peer const bare([&] {
        BareTyped end;
        for (;;) end.send(back, end.receive(there));
    });
    Peer const ours([&] {
        Ends<Small> echo(broker.options("echo"), "ping", "pong");
        for (;;) (void)echo.out.publish(poll(echo.in).message()).value();
    });
    Ends<Small> ends(broker.options("bench"), "pong", "ping");
    ends.wait_for_the_other();
    auto const message = small_message();
    BareTyped end;
    for (int round = 0; round < settings.rounds; ++round) {
        result.floor_rounds.push_back(bare.alone(ours, [&] {
            return round_trips(kTrips, nullptr, [&] {
                end.send(there, message);
                (void)end.receive(back);
            });
        }));
        result.our_rounds.push_back(ours.alone(bare, [&] {
            return round_trips(kTrips, &result.samples, [&] {
                (void)ends.out.publish(message).value();
                (void)poll(ends.in);
            });
        }));
    }
    result.note = std::to_string(message.ByteSizeLong()) + " bytes, 10 fields";
    return result;
}

Comparison sleeping_latency(Settings const& settings, double limit) {
    Comparison result{.name = "latency-sleeping-64", .unit = "ns one way; floor: semop", .limit = limit};
    testing::LocalBroker const broker;
    sys::SemaphoreValue const zeros[2] = {0, 0};
    auto const set = sys::OwnedSemaphoreSet::create(IPC_PRIVATE, zeros, 0600).value();
    auto const turn = [set = set.get()](unsigned mine, unsigned yours) {
        set.post(yours).value();
        set.acquire_until(mine, Deadline::max()).value();
    };
    Peer const bare([&] {
        set.get().acquire_until(1, Deadline::max()).value();
        for (;;) turn(1, 0);
    });
    SubscriberOptions const no_spin{.spin = Duration::zero()};
    Peer const ours([&] {
        Ends<Bytes> echo(broker.options("echo"), "ping", "pong", no_spin);
        for (;;) (void)echo.out.publish(doze(echo.in).message()).value();
    });
    Ends<Bytes> ends(broker.options("bench"), "pong", "ping", no_spin);
    ends.wait_for_the_other();
    std::vector<std::byte> const buffer(64);
    for (int round = 0; round < settings.rounds; ++round) {
        result.floor_rounds.push_back(round_trips(kSleepyTrips, nullptr, [&] { turn(0, 1); }));
        result.our_rounds.push_back(round_trips(kSleepyTrips, &result.samples, [&] {
            (void)ends.out.publish(Bytes(buffer)).value();
            (void)doze(ends.in);
        }));
    }
    return result;
}

}  // namespace bus::bench

// As many as go through, one publisher to one reliable subscriber, one call a message: from the first message to the echo of the last.
#include <bus/testing.hpp>

#include "bare_ring.hpp"
#include "measurements.hpp"
#include "peer.hpp"
#include "round_trips.hpp"

namespace bus::bench {

namespace {

constexpr int kMessages = 200'000;

template <class All>
double per_message(All&& all) {
    auto const before = now_ns();
    all();
    return static_cast<double>(now_ns() - before) / kMessages;
}

}  // namespace

Comparison throughput(Settings const& settings, std::string const& name, std::size_t bytes, bool stamped, double limit) {
    Comparison result{.name = name, .unit = "ns a message", .limit = limit};
    testing::LocalBroker const broker;
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
        Ends<Bytes> sink(broker.options("sink"), "ping", "pong", {.reliable = true});
        for (int i = 1;; ++i) {
            auto const sample = poll(sink.in);
            if (i % kMessages == 0) (void)sink.out.publish(sample.message()).value();
        }
    });
    auto bus = broker.connect("bench").value();
    auto in = bus.subscriber<Bytes>("pong").value();
    auto out = bus.publisher<Bytes>("ping", {.stamp = stamped ? Stamp::precise : Stamp::none}).value();
    out.wait_for_subscribers(1, std::chrono::seconds(10)).value();
    in.wait_for_publishers(1, std::chrono::seconds(10)).value();
    std::vector<std::byte> buffer(bytes);
    for (int round = 0; round < settings.rounds; ++round) {
        result.floor_rounds.push_back(bare.alone(ours, [&] {
            return per_message([&] {
                for (int i = 0; i < kMessages; ++i) there.send(buffer);
                (void)back.receive(buffer.data());
            });
        }));
        result.our_rounds.push_back(ours.alone(bare, [&] {
            return per_message([&] {
                for (int i = 0; i < kMessages; ++i) (void)out.publish(Bytes(buffer)).value();
                (void)poll(in);
            });
        }));
    }
    char text[64];
    std::snprintf(text, sizeof text, "%.1f M/s, floor %.1f M/s", 1000 / result.p50(), 1000 / result.floor());
    result.note = text;
    return result;
}

}  // namespace bus::bench

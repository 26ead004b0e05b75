// What publishing costs the publisher with 64 polling subscribers, against one: the CPU time of its thread, alone on CPU 0.
#include <sys/mman.h>
#include <time.h>

#include <atomic>
#include <bus/testing.hpp>
#include <new>
#include <thread>

#include "measurements.hpp"
#include "peer.hpp"
#include "round_trips.hpp"

namespace bus::bench {

namespace {

constexpr int kMessages = 100'000;
constexpr int kMany = 64;

/// What the followers of one topic got, in memory shared with them.
struct Tally {
    std::atomic<std::uint64_t> received{0}, lost{0};
    static Tally& create() {
        return *new (::mmap(nullptr, sizeof(Tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Tally;
    }
    std::uint64_t sum() const { return received.load() + lost.load(); }
};

/// A client of its own, on a thread of its own: polls, and tells now and then what it got and lost.
void follow(ConnectionOptions const& options, std::string const& topic, Tally& tally) {
    auto bus = Connection::open(options).value();
    auto subscriber = bus.subscriber<Bytes>(topic).value();
    std::uint64_t lost = 0;
    for (;;) {
        std::uint64_t received = 0;
        while (received < 1000 && subscriber.try_receive()) ++received;
        tally.received += received;
        tally.lost += subscriber.lost() - lost;
        lost = subscriber.lost();
        if (received == 0) std::this_thread::yield();
    }
}

std::int64_t own_cpu_ns() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Comparison fan_out(Settings const& settings, double limit) {
    Comparison result{.name = "publish-64-polling", .unit = "ns of CPU a publish; floor: 1 polling", .limit = limit};
    testing::LocalBroker const broker;
    auto const run = [&](int count, std::string const& topic, Tally& tally) {
        std::vector<std::jthread> threads;
        for (int i = 0; i < count; ++i) threads.emplace_back([&] { follow(broker.options("follower"), topic, tally); });
    };
    auto& one_tally = Tally::create();
    auto& many_tally = Tally::create();
    Peer const one_peer([&] { run(1, "one", one_tally); });
    Peer const many_peer([&] { run(kMany, "many", many_tally); });
    auto bus = broker.connect("bench").value();
    auto one = bus.publisher<Bytes>("one").value();
    auto many = bus.publisher<Bytes>("many").value();
    one.wait_for_subscribers(1, std::chrono::seconds(20)).value();
    many.wait_for_subscribers(kMany, std::chrono::seconds(20)).value();
    std::vector<std::byte> const buffer(64);
    std::uint64_t published = 0;
    auto const cost = [&](Publisher<Bytes>& publisher) {
        auto const before = own_cpu_ns();
        for (int i = 0; i < kMessages; ++i) published = publisher.publish(Bytes(buffer)).value();
        return static_cast<double>(own_cpu_ns() - before) / kMessages;
    };
    for (int round = 0; round < settings.rounds; ++round) {
        result.floor_rounds.push_back(one_peer.alone(many_peer, [&] { return cost(one); }));
        result.our_rounds.push_back(many_peer.alone(one_peer, [&] { return cost(many); }));
    }
    // One message more each, so that what was overwritten last is known too.
    published = many.publish(Bytes(buffer)).value();
    auto const end = now_ns() + 20'000'000'000;
    while (many_tally.sum() < published * kMany && now_ns() < end) std::this_thread::yield();
    result.note = std::to_string(many_tally.received) + " received + " + std::to_string(many_tally.lost) + " lost of " +
                  std::to_string(published * kMany);
    return result;
}

}  // namespace bus::bench

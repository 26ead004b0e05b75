// What a message through the ring costs, next to the least that could do it: a bare single-reader ring of variable-size messages with
// 8-byte heads and cached cursors. Both in one run, turn by turn. A turn is shorter than a time slice and the best of many turns counts, so
// that other work on the machine does not. Writer and reader are pinned to two CPUs.
//
//   ring_bench [turns] [--json]
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <thread>

#include "lone_ring.hpp"
#include "support/test_ring.hpp"
#include "sys/clock.hpp"

namespace bus::test {
namespace {

using Clock = std::chrono::steady_clock;
using shm::ReaderKind;

constexpr std::uint64_t kRingBytes = 1 << 20;
std::uint64_t messages = 0;  // of one turn

void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
}

double ns_each(Clock::time_point start) {
    return std::chrono::duration<double, std::nano>(Clock::now() - start).count() / static_cast<double>(messages);
}

/// Runs write() here and read() on the other CPU; both handle messages. Returns: ns a message until both are done.
template <class Write, class Read>
double through(Write&& write, Read&& read) {
    std::atomic<bool> ready{false}, go{false};
    std::thread reader([&] {
        pin(1);
        ready = true;
        while (!go) shm::cpu_relax();
        read();
    });
    while (!ready) std::this_thread::yield();
    go = true;
    auto const start = Clock::now();
    write();
    reader.join();
    return ns_each(start);
}

std::byte sum_of(std::span<std::byte const> bytes) { return bytes.empty() ? std::byte{} : bytes.front() ^ bytes.back(); }
std::atomic<unsigned char> sink{0};

// ---- the bare ring ---------------------------------------------------------------------------------------------------------

double bare_alone(std::span<std::byte const> payload) {
    LoneRing ring(kRingBytes);
    auto const start = Clock::now();
    for (std::uint64_t i = 0; i < messages; ++i)
        while (!ring.push(payload)) ring.forget_all();
    return ns_each(start);
}

double bare_through(std::span<std::byte const> payload) {
    LoneRing ring(kRingBytes);
    return through(
        [&] {
            for (std::uint64_t i = 0; i < messages; ++i)
                while (!ring.push(payload)) shm::cpu_relax();
        },
        [&] {
            std::byte sum{};
            for (std::uint64_t i = 0; i < messages;)
                if (ring.pop([&](std::span<std::byte const> message) { sum ^= sum_of(message); }))
                    ++i;
                else
                    shm::cpu_relax();
            sink = static_cast<unsigned char>(sum);
        });
}

// ---- ours ------------------------------------------------------------------------------------------------------------------

enum class Stamp { none, coarse, precise };

shm::Stamps stamps(Stamp stamp) {
    if (stamp == Stamp::none) return {};
    bool const coarse = stamp == Stamp::coarse;
    return {.steady_ns = static_cast<std::uint64_t>(sys::clock_ns(coarse ? CLOCK_MONOTONIC_COARSE : CLOCK_MONOTONIC)),
            .wall_ns = sys::clock_ns(coarse ? CLOCK_REALTIME_COARSE : CLOCK_REALTIME)};
}

double ours_alone(std::span<std::byte const> payload, bool fenced, Stamp stamp = Stamp::none) {
    TestRing const ring(kRingBytes);
    shm::RingWriter<> writer(ring.writable());
    writer.set_fenced(fenced);
    auto const start = Clock::now();
    for (std::uint64_t i = 0; i < messages; ++i) {
        while (writer.publish(payload, stamps(stamp)) == 0) writer.refresh_limit([](std::uint64_t tail) { return tail; });
        writer.after_commit();
    }
    return ns_each(start);
}

template <class Next>
double ours_through(std::span<std::byte const> payload, bool fenced, Next&& next) {
    TestRing const ring(kRingBytes);
    shm::Cursor cursor{};
    shm::attach_cursor(cursor, kTestRingId, 0);
    shm::RingReader<> reader(ring.view(), ReaderKind::reliable, &cursor);
    shm::RingWriter<> writer(ring.writable());
    writer.set_fenced(fenced);
    auto const floor = [&](std::uint64_t) { return shm::position_of(cursor, kTestRingId).value_or(0); };
    return through(
        [&] {
            for (std::uint64_t i = 0; i < messages; ++i) {
                while (writer.publish(payload) == 0)
                    if (!writer.refresh_limit(floor)) shm::cpu_relax();
                writer.after_commit();
            }
        },
        [&] {
            std::byte sum{};
            for (std::uint64_t i = 0; i < messages;) {
                if (auto const record = next(reader)) {
                    sum ^= sum_of(record->payload);
                    if (++i % 64 == 0) reader.tell();
                } else {
                    reader.tell();
                    shm::cpu_relax();
                }
            }
            sink = static_cast<unsigned char>(sum);
        });
}

/// The writer's time alone, while a best-effort reader follows as well as it can.
double ours_followed(std::span<std::byte const> payload) {
    TestRing const ring(kRingBytes);
    shm::RingWriter<> writer(ring.writable());
    writer.set_fenced(false);
    std::atomic<bool> ready{false}, done{false};
    std::thread follower([&] {
        pin(1);
        shm::RingReader<> reader(ring.view(), ReaderKind::best_effort, nullptr);
        Room room;
        ready = true;
        while (!done)
            if (!reader.next(room)) shm::cpu_relax();
    });
    while (!ready) std::this_thread::yield();
    auto const start = Clock::now();
    for (std::uint64_t i = 0; i < messages; ++i)
        while (writer.publish(payload) == 0) writer.refresh_limit([](std::uint64_t tail) { return tail; });
    double const ns = ns_each(start);
    done = true;
    follower.join();
    return ns;
}

double best(std::vector<double> const& times) { return *std::min_element(times.begin(), times.end()); }

struct Row {
    char const* name;
    char const* against;  // the row it is compared with; null: none
    std::function<double()> run;
};

void run(int turns, std::size_t bytes, bool json) {
    messages = std::clamp<std::uint64_t>((std::uint64_t{4} << 20) / bytes, 500, 20'000);
    auto const payload = message_of(1, bytes);
    Room room;
    auto const in_place = [](shm::RingReader<>& reader) { return reader.next_in_place(); };
    auto const copied = [&](shm::RingReader<>& reader) { return reader.next(room); };
    std::vector<Row> const rows = {
        {"bare, writer alone", nullptr, [&] { return bare_alone(payload); }},
        {"ring, writer alone", "bare, writer alone", [&] { return ours_alone(payload, false); }},
        {"ring, writer alone, coarse stamps", "bare, writer alone", [&] { return ours_alone(payload, false, Stamp::coarse); }},
        {"ring, writer alone, precise stamps", "bare, writer alone", [&] { return ours_alone(payload, false, Stamp::precise); }},
        {"ring, writer alone, fenced", "bare, writer alone", [&] { return ours_alone(payload, true); }},
        {"ring, writer with a best-effort reader", "bare, writer alone", [&] { return ours_followed(payload); }},
        {"bare, through", nullptr, [&] { return bare_through(payload); }},
        {"ring, through, reliable, in place", "bare, through", [&] { return ours_through(payload, false, in_place); }},
        {"ring, through, reliable, copied", "bare, through", [&] { return ours_through(payload, false, copied); }},
        {"ring, through, reliable, in place, fenced", "bare, through", [&] { return ours_through(payload, true, in_place); }},
    };
    std::map<std::string, std::vector<double>> times;
    for (int turn = 0; turn < turns; ++turn)
        for (Row const& row : rows) times[row.name].push_back(row.run());
    for (Row const& row : rows) {
        double const ns = best(times[row.name]);
        double const ratio = row.against == nullptr ? 1 : best(times[row.against]) / ns;  // of the throughputs
        if (json)
            std::printf("{\"bench\":\"%s\",\"bytes\":%zu,\"ns\":%.2f,\"of_bare\":%.3f}\n", row.name, bytes, ns, ratio);
        else
            std::printf("%5zu bytes  %-44s %8.1f ns %8.2f M/s   %5.2f of bare\n", bytes, row.name, ns, 1000 / ns, ratio);
    }
}

}  // namespace
}  // namespace bus::test

int main(int argc, char** argv) {
    int turns = 200;
    bool json = false;
    for (int i = 1; i < argc; ++i) {
        if (std::string(argv[i]) == "--json")
            json = true;
        else
            turns = std::max(1, std::atoi(argv[i]));
    }
    bus::test::pin(0);
    for (std::size_t const bytes : {std::size_t{64}, std::size_t{1024}, std::size_t{16384}}) bus::test::run(turns, bytes, json);
}

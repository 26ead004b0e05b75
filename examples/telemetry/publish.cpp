// telemetry-publish [HZ]: what this host does, from /proc, as typed messages on host/...; ten times a second unless told otherwise.
#include <bus/bus.hpp>
#include <cstdlib>
#include <iostream>
#include <string>

#include "proc.hpp"
#include "signals.hpp"

namespace {

/// The six topics, and the readers behind them.
struct Host {
    bus::Publisher<telemetry::Cpu> cpu;
    bus::Publisher<telemetry::Memory> memory;
    bus::Publisher<telemetry::Disk> disks;
    bus::Publisher<telemetry::Network> network;
    bus::Publisher<telemetry::Load> load;
    bus::Publisher<telemetry::Processes> processes;
    telemetry::CpuReader cpu_reader{};
    telemetry::DiskReader disk_reader{};
    telemetry::NetworkReader network_reader{};
    telemetry::ProcessReader process_reader{};

    explicit Host(bus::Connection& bus, bus::PublisherOptions const& options)
        : cpu(bus.publisher<telemetry::Cpu>("host/cpu", options).value()),
          memory(bus.publisher<telemetry::Memory>("host/memory", options).value()),
          disks(bus.publisher<telemetry::Disk>("host/disks", options).value()),
          network(bus.publisher<telemetry::Network>("host/network", options).value()),
          load(bus.publisher<telemetry::Load>("host/load", options).value()),
          processes(bus.publisher<telemetry::Processes>("host/processes", options).value()) {}

    void publish() {
        cpu.publish(cpu_reader.read()).value();
        memory.publish(telemetry::read_memory()).value();
        disks.publish(disk_reader.read()).value();
        network.publish(network_reader.read()).value();
        load.publish(telemetry::read_load()).value();
        processes.publish(process_reader.read()).value();
    }
};

}  // namespace

int main(int argc, char** argv) try {
    double const hertz = argc > 1 ? std::atof(argv[1]) : 10;
    if (argc > 2 || hertz <= 0 || hertz > 1000) {
        std::cerr << "usage: telemetry-publish [HZ]\n";
        return 2;
    }
    auto bus = bus::Connection::open({.name = "telemetry-publish"}).value();
    telemetry::stop_on_signals(bus);
    // A reader that hangs shall not hold a clockwork up: what it misses is dropped, and counted.
    Host host(bus, {.ring_bytes = 1 << 18, .when_full = bus::WhenFull::drop});
    auto const tick = bus.every(std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / hertz)), [&] { host.publish(); }).value();
    bus.run().value();
} catch (bus::Exception const& exception) {
    return telemetry::complain(exception.error());
}

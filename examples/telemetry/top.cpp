// telemetry-top: a live table of host/... and the last lines of log/...; refreshed in place on a terminal, as text elsewhere.
#include <unistd.h>

#include <bus/bus.hpp>
#include <cstdio>
#include <deque>
#include <iostream>
#include <sstream>

#include "signals.hpp"
#include "telemetry.pb.h"

namespace {

constexpr std::size_t kLogLines = 6;

/// The last message of each topic, as it came.
struct Screen {
    telemetry::Cpu cpu;
    telemetry::Memory memory;
    telemetry::Disk disks;
    telemetry::Network network;
    telemetry::Load load;
    telemetry::Processes processes;
    std::deque<std::string> log;
    std::uint64_t messages = 0;

    std::string text(std::uint64_t lost) const;
};

std::string mega(std::uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }
std::string kilo(double bytes) { return std::to_string(static_cast<std::uint64_t>(bytes / 1024)) + " KiB/s"; }

std::string Screen::text(std::uint64_t lost) const {
    std::ostringstream out;
    out.setf(std::ios::fixed);
    out.precision(1);
    out << "cpu " << cpu.busy_percent() << " %  (user " << cpu.user_percent() << ", system " << cpu.system_percent() << ", waiting "
        << cpu.waiting_percent() << ")";
    for (auto const& core : cpu.cores()) out << "  #" << core.number() << " " << core.busy_percent() << " %";
    out << "\nload " << load.one_minute() << " " << load.five_minutes() << " " << load.fifteen_minutes() << "   memory "
        << mega(memory.available_bytes()) << " available of " << mega(memory.total_bytes()) << ", shared " << mega(memory.shared_bytes())
        << "\n";
    for (auto const& device : disks.devices()) {
        if (device.read_bytes() + device.written_bytes() == 0) continue;
        out << "disk " << device.name() << "  read " << kilo(device.read_bytes_per_second()) << "  written "
            << kilo(device.written_bytes_per_second()) << "  busy " << device.busy_percent() << " %\n";
    }
    for (auto const& interface : network.interfaces()) {
        out << "net  " << interface.name() << "  in " << kilo(interface.received_bytes_per_second()) << "  out "
            << kilo(interface.sent_bytes_per_second()) << "\n";
    }
    out << processes.count() << " processes, " << processes.running() << " running\n";
    for (int i = 0; i < std::min(5, processes.busiest_size()); ++i) {
        auto const& process = processes.busiest(i);
        out << "  " << process.pid() << "  " << process.name() << "  " << process.cpu_percent() << " %  " << mega(process.resident_bytes())
            << "\n";
    }
    for (auto const& line : log) out << "log  " << line.substr(0, 110) << "\n";
    out << messages << " messages, " << lost << " lost\n";
    return out.str();
}

/// A subscriber that keeps the last message in `kept`.
template <class T>
bus::Subscriber<T> keep(bus::Connection& bus, std::string const& topic, Screen& screen, T& kept) {
    auto subscriber = bus.subscriber<T>(topic, {.history = 1}).value();
    subscriber
        .on_sample([&](bus::Sample<T> const& sample) {
            kept = sample.message();
            ++screen.messages;
        })
        .value();
    return subscriber;
}

}  // namespace

int main(int argc, char**) try {
    if (argc != 1) {
        std::cerr << "usage: telemetry-top\n";
        return 2;
    }
    bool const terminal = ::isatty(STDOUT_FILENO) == 1;
    auto bus = bus::Connection::open({.name = "telemetry-top"}).value();
    telemetry::stop_on_signals(bus);
    Screen screen;
    auto const cpu = keep(bus, "host/cpu", screen, screen.cpu);
    auto const memory = keep(bus, "host/memory", screen, screen.memory);
    auto const disks = keep(bus, "host/disks", screen, screen.disks);
    auto const network = keep(bus, "host/network", screen, screen.network);
    auto const load = keep(bus, "host/load", screen, screen.load);
    auto const processes = keep(bus, "host/processes", screen, screen.processes);
    auto log = bus.subscriber<telemetry::LogLine>("log/*", {.reliable = true, .history = kLogLines}).value();
    log.on_sample([&](bus::Sample<telemetry::LogLine> const& sample) {
           screen.log.push_back(sample.message().text());
           if (screen.log.size() > kLogLines) screen.log.pop_front();
           ++screen.messages;
       })
        .value();
    auto const lost = [&] {
        return cpu.lost() + memory.lost() + disks.lost() + network.lost() + load.lost() + processes.lost() + log.lost();
    };
    auto const refresh = bus.every(std::chrono::seconds(1),
                                   [&] {
                                       // Home, the text, and clear what is left below; nothing but text where nobody could obey.
                                       std::cout << (terminal ? "\x1b[H\x1b[2J" : "") << screen.text(lost()) << (terminal ? "" : "\n")
                                                 << std::flush;
                                       if (!std::cout) bus.stop();
                                   })
                             .value();
    bus.run().value();
} catch (bus::Exception const& exception) {
    return telemetry::complain(exception.error());
}

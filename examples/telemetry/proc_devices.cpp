// Reads /proc: disks and network interfaces.
#include <fstream>
#include <sstream>

#include "proc.hpp"

namespace telemetry {
namespace {

constexpr std::uint64_t kSectorBytes = 512;  // of /proc/diskstats, whatever the disk's own are

/// Disks, not what is made of memory or of other files.
bool is_disk(std::string const& name) { return !name.starts_with("loop") && !name.starts_with("ram") && !name.starts_with("zram"); }

}  // namespace

Disk DiskReader::read() {
    Disk disk;
    rates_.begin();
    std::ifstream file("/proc/diskstats");
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::uint64_t major = 0, minor = 0, ignored = 0, read_sectors = 0, written_sectors = 0, busy_ms = 0;
        std::string name;
        words >> major >> minor >> name >> ignored >> ignored >> read_sectors >> ignored >> ignored >> ignored >> written_sectors >>
            ignored >> ignored >> busy_ms;
        if (!words || !is_disk(name)) continue;
        auto* device = disk.add_devices();
        device->set_name(name);
        device->set_read_bytes(read_sectors * kSectorBytes);
        device->set_written_bytes(written_sectors * kSectorBytes);
        device->set_read_bytes_per_second(rates_.rate(name + " read", device->read_bytes()));
        device->set_written_bytes_per_second(rates_.rate(name + " written", device->written_bytes()));
        device->set_busy_percent(rates_.rate(name + " busy", busy_ms) / 10);
    }
    return disk;
}

Network NetworkReader::read() {
    Network network;
    rates_.begin();
    std::ifstream file("/proc/net/dev");
    for (std::string line; std::getline(file, line);) {
        auto const colon = line.find(':');
        if (colon == std::string::npos) continue;
        std::istringstream words(line.substr(colon + 1));
        std::array<std::uint64_t, 16> numbers{};
        for (auto& number : numbers) words >> number;
        auto const begin = line.find_first_not_of(' ');
        auto const name = line.substr(begin, colon - begin);
        auto* interface = network.add_interfaces();
        interface->set_name(name);
        interface->set_received_bytes(numbers[0]);
        interface->set_sent_bytes(numbers[8]);
        interface->set_received_bytes_per_second(rates_.rate(name + " received", numbers[0]));
        interface->set_sent_bytes_per_second(rates_.rate(name + " sent", numbers[8]));
        interface->set_errors(numbers[2] + numbers[10]);
    }
    return network;
}

}  // namespace telemetry

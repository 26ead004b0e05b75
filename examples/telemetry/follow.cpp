// telemetry-follow FILE|-: publishes the lines of a log file on log/NAME, those that are there and those to come; or those of stdin.

#include <bus/bus.hpp>
#include <cctype>
#include <iostream>
#include <string>

#include "log_file.hpp"
#include "signals.hpp"
#include "telemetry.pb.h"

namespace {

/// A file's name as part of a topic's: "/var/log/dpkg.log" is "dpkg.log".
std::string part_of(std::string const& path) {
    auto name = path == "-" ? std::string("stdin") : path.substr(path.rfind('/') + 1);
    for (auto& c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-' && c != '_') c = '_';
    }
    return name;
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 2) {
        std::cerr << "usage: telemetry-follow FILE|-\n";
        return 2;
    }
    std::string const path = argv[1];
    auto bus = bus::Connection::open({.name = "telemetry-follow"}).value();
    telemetry::stop_on_signals(bus);
    auto publisher = bus.publisher<telemetry::LogLine>("log/" + part_of(path)).value();
    auto const go_on = [&bus] {
        bus.dispatch().value();  // or its descriptor would stay readable; throws where the bus has ended
        auto const stopped = bus.wait_for(std::chrono::nanoseconds(0));
        return stopped || stopped.error() != bus::Errc::cancelled;
    };
    telemetry::LogFile log(path, bus.fd(), go_on);
    telemetry::LogLine line;
    line.set_file(path);
    while (log.next(*line.mutable_text())) {
        line.set_number(line.number() + 1);
        publisher.publish(line).value();
        if (!go_on()) return 0;
    }
} catch (bus::Exception const& exception) {
    return telemetry::complain(exception.error());
}

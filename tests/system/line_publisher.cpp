// line_publisher TOPIC unstamped|retain: a publisher as `bus topic pub` can't be one. Publishes each line of its input, and says its
// number.
#include <bus/bus.hpp>
#include <iostream>
#include <string>
#include <string_view>

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    bus::PublisherOptions options;
    std::string_view const how = argv[2];
    if (how == "unstamped") options.stamp = bus::Stamp::none;
    if (how == "retain") options.retain = true;
    auto bus = bus::Connection::open({.name = "line_publisher"}).value();
    auto publisher = bus.publisher<bus::Bytes>(argv[1], options).value();
    for (std::string line; std::getline(std::cin, line);) {
        std::cout << publisher.publish(bus::Bytes(std::string_view(line))).value() << std::endl;
    }
    return 0;
}

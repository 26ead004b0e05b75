// Says which version of bus it was built with, and publishes bytes to whoever listens.
#include <bus/bus.hpp>
#include <bus/version.hpp>
#include <iostream>

int main() {
    using namespace std::chrono_literals;
    std::cout << bus::version() << std::endl;
    auto bus = bus::Connection::open({.name = "consumer"}).value();
    auto publisher = bus.publisher<bus::Bytes>("consumer/said").value();
    publisher.wait_for_subscribers(1, 20s).value();
    return publisher.publish(bus::Bytes(std::string_view("hello"))).value() == 1 ? 0 : 1;
}

// Publishes bytes to whoever listens, and reads the bus's own events, whose type is installed.
#include <bus/v1/events.pb.h>
#include <bus/bus.hpp>

int main() {
    using namespace std::chrono_literals;
    auto bus = bus::Connection::open({.name = "consumer"}).value();
    auto events = bus.subscriber<bus::v1::Event>("$bus/events", {.history = 1}).value();
    if (events.receive_for(20s).value().message().generation() == 0) return 2;  // the broker's start, at least
    auto publisher = bus.publisher<bus::Bytes>("consumer/said").value();
    publisher.wait_for_subscribers(1, 20s).value();
    return publisher.publish(bus::Bytes(std::string_view("hello"))).value() == 1 ? 0 : 1;
}

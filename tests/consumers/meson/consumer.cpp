// Publishes a plain struct, and starts a broker of its own for that: the installed busd is found beside the installed library.
#include <bus/bus.hpp>
#include <bus/testing.hpp>
#include <iostream>

struct Point {
    int x, y;
};
template <>
struct bus::plain<Point> {
    static constexpr std::string_view name = "consumer.Point.v1";
};

int main() {
    using namespace std::chrono_literals;
    bus::testing::LocalBroker broker;
    auto bus = broker.connect("consumer").value();
    auto subscriber = bus.subscriber<Point>("consumer/said").value();
    auto publisher = bus.publisher<Point>("consumer/said").value();
    publisher.wait_for_subscribers(1, 20s).value();
    publisher.publish(Point{3, 4}).value();
    auto const sample = subscriber.receive_for(20s).value();
    std::cout << sample.message().x << ' ' << sample.message().y << std::endl;
    return 0;
}

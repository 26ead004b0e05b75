// Publishes a protobuf message to whoever listens.
#include <bus/bus.hpp>

#include "said.pb.h"

int main() {
    using namespace std::chrono_literals;
    auto bus = bus::Connection::open({.name = "consumer"}).value();
    auto publisher = bus.publisher<consumer::Said>("consumer/said").value();
    publisher.wait_for_subscribers(1, 20s).value();
    consumer::Said said;
    said.set_text("hello");
    return publisher.publish(said).value() == 1 ? 0 : 1;
}

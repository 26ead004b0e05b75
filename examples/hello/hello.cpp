// `hello` listens; `hello WORD` says WORD to whoever listens.
#include <bus/bus.hpp>
#include <iostream>

#include "hello.pb.h"

int main(int argc, char** argv) {
    auto bus = bus::Connection::open().value();
    if (argc > 1) {
        auto publisher = bus.publisher<hello::Greeting>("hello").value();
        publisher.wait_for_subscribers(1, std::chrono::seconds(10)).value();
        hello::Greeting greeting;
        greeting.set_text(argv[1]);
        std::cout << "said it as number " << publisher.publish(greeting).value() << std::endl;
    } else {
        auto subscriber = bus.subscriber<hello::Greeting>("hello", {.reliable = true}).value();
        while (auto sample = subscriber.receive()) std::cout << sample->message().text() << std::endl;
    }
}

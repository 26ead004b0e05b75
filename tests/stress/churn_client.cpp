// A client's connection, and the signal that ends it.
#include "churn_client.hpp"

#include <poll.h>
#include <signal.h>

#include <atomic>
#include <ctime>

namespace bus::test::churn {

namespace {

std::atomic<Connection*> stopped_by_signal = nullptr;

void stop(int) {
    if (auto* const bus = stopped_by_signal.load()) bus->stop();
}

}  // namespace

void Client::expect_signal(ClientRecord& record) {
    struct sigaction action {};
    action.sa_handler = &stop;
    ::sigaction(SIGTERM, &action, nullptr);
    record.hears = true;
}

Client::Client(Connection bus, ClientRecord& record) : bus_(std::move(bus)), record_(record) { stopped_by_signal = &bus_; }

Client::~Client() { stopped_by_signal = nullptr; }

int give_up(Place const& place, std::string const& what, Error const& why) {
    place.history.client(place.place).complain(what + ": " + why.what());
    return 3;
}

void pause_us(std::uint64_t microseconds) {
    auto const nap = std::chrono::microseconds(microseconds);
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(nap);
    timespec const time{.tv_sec = seconds.count(), .tv_nsec = std::chrono::nanoseconds(nap - seconds).count()};
    ::ppoll(nullptr, 0, &time, nullptr);
}

}  // namespace bus::test::churn

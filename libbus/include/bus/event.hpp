// What a connection can be told besides messages: Connection::on_event.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <string>

namespace bus {

struct Event {
    enum class Kind {
        broker_lost,
        broker_back,
        publisher_came,
        publisher_left,
        subscriber_came,
        subscriber_left,
        refused,
        lost,
        replaced
    } kind;
    std::string object;  // the topic's name, or the bus's
    Error error = {};    // refused: schema_mismatch or not_permitted, with the difference
    std::uint64_t count =
        0;  // lost: messages; replaced: of a ring that busd took away, those not read yet; came, left: how many there are now
};

}  // namespace bus

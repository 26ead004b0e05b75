// The message of the typed rows.
#pragma once

#include "bench.pb.h"

namespace bus::bench {

inline Small small_message() {
    Small message;
    message.set_id(123'456);
    message.set_x(1.5);
    message.set_y(-2.25);
    message.set_z(0.125);
    message.set_speed(3.5F);
    message.set_state(7);
    message.set_valid(true);
    message.set_offset(-42);
    message.set_frame("base_link");
    message.set_checksum(0xdeadbeef);
    return message;
}

}  // namespace bus::bench

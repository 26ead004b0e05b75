// Any sequence of kernel messages through the parser of frames and the reassembly: bounded memory, no crash, and a whole message comes out
// only where its parts add up.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "wire/frame.hpp"
#include "wire/reassembly.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::span<std::byte const> rest = std::as_bytes(std::span(data, size));
    bus::wire::Reassembly parts;
    while (rest.size() >= 2) {  // each message: its length (two bytes), then itself
        std::size_t const length = std::to_integer<std::size_t>(rest[0]) | std::to_integer<std::size_t>(rest[1]) << 8;
        rest = rest.subspan(2);
        auto const message = rest.first(std::min(length, rest.size()));
        rest = rest.subspan(message.size());
        auto const frame = bus::wire::parse_frame(message);
        if (!frame) continue;
        if (frame->payload.size() > message.size()) std::abort();
        auto const whole = parts.add(*frame);
        if (parts.held_bytes() > bus::wire::kMaxMessageBytes) std::abort();
        if (whole && *whole && (*whole)->size() != frame->head.bytes) std::abort();
    }
    return 0;
}

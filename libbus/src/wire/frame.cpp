// Taking messages apart into frames, and frames into head and payload.
#include "wire/frame.hpp"

#include <algorithm>
#include <cstring>

namespace bus::wire {
namespace {

std::size_t parts_for(std::size_t bytes) { return bytes == 0 ? 1 : (bytes + kMaxPayloadBytes - 1) / kMaxPayloadBytes; }

Error refused(std::string why) { return {Errc::invalid, "control message: " + std::move(why)}; }

}  // namespace

Result<Frame> parse_frame(std::span<std::byte const> message) {
    Frame frame;
    if (message.size() < sizeof(FrameHead)) return refused(std::to_string(message.size()) + " bytes are fewer than a head has");
    std::memcpy(&frame.head, message.data(), sizeof(FrameHead));
    frame.payload = message.subspan(sizeof(FrameHead));
    auto const& head = frame.head;
    if (head.parts == 0 || head.part >= head.parts) {
        return refused("part " + std::to_string(head.part) + " of " + std::to_string(head.parts));
    }
    if (head.bytes > kMaxMessageBytes || head.parts > kMaxParts) {
        return refused(std::to_string(head.bytes) + " bytes in " + std::to_string(head.parts) + " parts are more than " +
                       std::to_string(kMaxMessageBytes));
    }
    if (frame.payload.size() > head.bytes || (frame.payload.empty() && head.bytes != 0)) {
        return refused("a part of " + std::to_string(frame.payload.size()) + " bytes in a message of " + std::to_string(head.bytes));
    }
    if (head.parts == 1 && frame.payload.size() != head.bytes) {
        return refused(std::to_string(frame.payload.size()) + " of " + std::to_string(head.bytes) + " bytes");
    }
    return frame;
}

Result<Fragments> Fragments::cut(std::uint64_t session_id, std::uint64_t number, std::string message) {
    if (message.size() > kMaxMessageBytes) {
        return Error(
            Errc::too_large,
            "a control message of " + std::to_string(message.size()) + " bytes; at most " + std::to_string(kMaxMessageBytes) + " go",
            "is the type's set of .proto files that large? its imports travel with it");
    }
    FrameHead head{};
    head.session_id = session_id;
    head.number = number;
    head.bytes = static_cast<std::uint32_t>(message.size());
    head.parts = static_cast<std::uint16_t>(parts_for(message.size()));
    return Fragments(head, std::move(message));
}

std::span<std::byte const> Fragments::frame(std::size_t part, std::span<std::byte> into) const {
    FrameHead head = head_;
    head.part = static_cast<std::uint16_t>(part);
    std::size_t const from = part * kMaxPayloadBytes;
    std::size_t const bytes = std::min(kMaxPayloadBytes, message_.size() - from);
    std::memcpy(into.data(), &head, sizeof head);
    std::memcpy(into.data() + sizeof head, message_.data() + from, bytes);
    return into.first(sizeof head + bytes);
}

}  // namespace bus::wire

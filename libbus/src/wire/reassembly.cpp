// Frames of one sender, put together again.
#include "wire/reassembly.hpp"

namespace bus::wire {

Result<std::optional<std::string>> Reassembly::add(Frame const& frame) {
    auto const& head = frame.head;
    if (head.part == 0) {
        clear();
        message_.reserve(head.parts == 1 ? head.bytes : 0);  // a head's word alone makes us reserve no megabyte
    } else {
        bool const follows = head_.parts == head.parts && head_.part + 1 == head.part && head_.number == head.number &&
                             head_.session_id == head.session_id && head_.bytes == head.bytes;
        if (!follows)
            return refuse("part " + std::to_string(head.part) + " of request " + std::to_string(head.number) + " came out of order");
    }
    if (frame.payload.size() > head.bytes - message_.size())
        return refuse("its parts are longer than the " + std::to_string(head.bytes) + " bytes it announced");
    head_ = head;
    message_.append(reinterpret_cast<char const*>(frame.payload.data()), frame.payload.size());
    if (head.part + 1 < head.parts) return std::optional<std::string>();
    if (message_.size() != head.bytes)
        return refuse("its parts are " + std::to_string(message_.size()) + " bytes, announced were " + std::to_string(head.bytes));
    std::optional<std::string> whole(std::move(message_));
    clear();
    return whole;
}

void Reassembly::clear() noexcept {
    head_ = {};
    message_ = {};
}

Error Reassembly::refuse(std::string why) {
    clear();
    return {Errc::invalid, "control message: " + std::move(why)};
}

}  // namespace bus::wire

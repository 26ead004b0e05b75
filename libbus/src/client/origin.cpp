// Origins to bytes and back.
#include "client/origin.hpp"

#include <algorithm>
#include <cstring>

namespace bus::client {

namespace {
std::size_t host_bytes_of(Origin const& origin) { return std::min(origin.host.size(), shm::kMaxHostBytes); }
}  // namespace

std::uint16_t extension_bytes_of(PublishOptions const* options) noexcept {
    if (options == nullptr || !options->origin) return 0;
    return static_cast<std::uint16_t>(shm::origin_bytes(host_bytes_of(*options->origin)));
}

void write_origin(std::byte* to, Origin const& origin) noexcept {
    auto const host_bytes = host_bytes_of(origin);
    shm::RecordOrigin const head{.publisher = origin.publisher,
                                 .sequence = origin.sequence,
                                 .sent_ns = origin.sent.time_since_epoch().count(),
                                 .host_bytes = static_cast<std::uint32_t>(host_bytes),
                                 .reserved = 0};
    std::memset(to, 0, shm::origin_bytes(host_bytes));
    std::memcpy(to, &head, sizeof head);
    std::memcpy(to + sizeof head, origin.host.data(), host_bytes);
}

std::optional<Origin> read_origin(std::span<std::byte const> extension) {
    shm::RecordOrigin head;
    if (extension.size() < sizeof head) return std::nullopt;
    std::memcpy(&head, extension.data(), sizeof head);
    if (head.host_bytes > extension.size() - sizeof head) return std::nullopt;
    return Origin{.publisher = head.publisher,
                  .sequence = head.sequence,
                  .sent = SentTime(Duration(head.sent_ns)),
                  .host = std::string(reinterpret_cast<char const*>(extension.data()) + sizeof head, head.host_bytes)};
}

}  // namespace bus::client

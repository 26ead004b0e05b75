// Where a verb listens: `9464`, `127.0.0.1:9464`, `localhost:9464`. IPv4 only: the HTTP server of Debian 12 knows no other.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace bus::tool {

struct ListenAddress {
    std::string host = "127.0.0.1";  // an address, no name: nothing is to be looked up
    std::uint16_t port = 0;          // 0: the kernel chooses

    std::string text() const { return host + ":" + std::to_string(port); }
};

/// A port alone means loopback. Errors: usage_error(): what is wrong, and how it is written.
Result<ListenAddress> parse_listen_address(std::string_view text);

/// Whether we may listen there just now; found out by doing so for a moment.
/// Errors: not_permitted; io: somebody else listens there, it is no address of this host...: named, with the cause.
Result<void> check_can_listen(ListenAddress const& address);

}  // namespace bus::tool

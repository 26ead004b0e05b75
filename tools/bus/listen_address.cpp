// Addresses to listen at.
#include "listen_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "errors.hpp"

namespace bus::tool {
namespace {

constexpr char const* kHowToWrite = "write 9464 (on loopback), 127.0.0.1:9464, [::1]:9464, or 0.0.0.0:9464 (for everybody)";

Error wrong(std::string_view text, std::string const& why) {
    return usage_error("can't listen at '" + std::string(text) + "': " + why, kHowToWrite);
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;

    sockaddr const* get() const { return reinterpret_cast<sockaddr const*>(&storage); }
};

/// No length: `host` is no address.
SocketAddress socket_address(ListenAddress const& address) {
    SocketAddress result;
    if (address.is_v6()) {
        auto& v6 = reinterpret_cast<sockaddr_in6&>(result.storage);
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(address.port);
        if (::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr) == 1) result.length = sizeof v6;
    } else {
        auto& v4 = reinterpret_cast<sockaddr_in&>(result.storage);
        v4.sin_family = AF_INET;
        v4.sin_port = htons(address.port);
        if (::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) result.length = sizeof v4;
    }
    return result;
}

/// 0, or the errno of what failed.
int try_to_listen(ListenAddress const& address) {
    auto const where = socket_address(address);
    int const socket = ::socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return errno;
    int const yes = 1;  // who listened there before us may have left connections that are not quite closed
    (void)::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    int const failed = ::bind(socket, where.get(), where.length) != 0 || ::listen(socket, 1) != 0 ? errno : 0;
    ::close(socket);
    return failed;
}

}  // namespace

std::string ListenAddress::text() const { return (is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(port); }

Result<ListenAddress> parse_listen_address(std::string_view text) {
    ListenAddress address;
    auto port = text;
    if (auto const colon = text.rfind(':'); colon != std::string_view::npos) {
        auto host = text.substr(0, colon);
        port = text.substr(colon + 1);
        bool const bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
        if (bracketed) host = host.substr(1, host.size() - 2);
        address.host = host == "localhost" ? "127.0.0.1" : std::string(host);
        if (bracketed != address.is_v6()) return wrong(text, "an IPv6 address stands in brackets");
        if (socket_address(address).length == 0) return wrong(text, "'" + std::string(host) + "' is no IP address");
    }
    auto const* const end = port.data() + port.size();
    auto const read = std::from_chars(port.data(), end, address.port);
    if (read.ec != std::errc() || read.ptr != end) return wrong(text, "'" + std::string(port) + "' is no port (0 to 65535)");
    return address;
}

Result<void> check_can_listen(ListenAddress const& address) {
    auto const failed = try_to_listen(address);
    if (failed == 0) return {};
    auto const port = std::to_string(address.port);
    auto const hint = failed == EADDRINUSE ? "choose another port; `ss -ltnp sport = :" + port + "` shows who has this one"
                      : failed == EACCES   ? std::string("choose a port above 1023, or be root")
                                           : std::string("`ip address` lists the addresses of this host");
    return Error(failed == EACCES ? Errc::not_permitted : Errc::io, "can't listen at " + address.text() + ": " + std::strerror(failed),
                 hint, failed);
}

}  // namespace bus::tool

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

constexpr char const* kHowToWrite = "write 9464 (on loopback), 127.0.0.1:9464, or 0.0.0.0:9464 (for everybody)";

Error wrong(std::string_view text, std::string const& why) {
    return usage_error("can't listen at '" + std::string(text) + "': " + why, kHowToWrite);
}

/// Whether `host` is an address; then `socket_address` is it.
bool resolve(ListenAddress const& address, sockaddr_in& socket_address) {
    socket_address.sin_family = AF_INET;
    socket_address.sin_port = htons(address.port);
    return ::inet_pton(AF_INET, address.host.c_str(), &socket_address.sin_addr) == 1;
}

/// 0, or the errno of what failed.
int try_to_listen(ListenAddress const& address) {
    sockaddr_in where{};
    if (!resolve(address, where)) return EADDRNOTAVAIL;
    int const socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return errno;
    int const yes = 1;  // who listened there before us may have left connections that are not quite closed
    (void)::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool const listens = ::bind(socket, reinterpret_cast<sockaddr const*>(&where), sizeof where) == 0 && ::listen(socket, 1) == 0;
    int const failed = listens ? 0 : errno;
    ::close(socket);
    return failed;
}

}  // namespace

Result<ListenAddress> parse_listen_address(std::string_view text) {
    ListenAddress address;
    auto port = text;
    if (auto const colon = text.rfind(':'); colon != std::string_view::npos) {
        auto const host = text.substr(0, colon);
        port = text.substr(colon + 1);
        if (host != "localhost") address.host = host;
        if (host.find(':') != std::string_view::npos) return wrong(text, "the HTTP server knows IPv4 only");
        if (sockaddr_in any{}; !resolve(address, any)) return wrong(text, "'" + std::string(host) + "' is no IPv4 address");
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

// Standard input.
#include "input.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "waiting.hpp"

namespace bus::tool {
namespace {

constexpr std::size_t kLongest = std::size_t{64} << 20;

Error too_long() {
    return {Errc::too_large, "more than 64 MiB on standard input in one message",
            "messages are lines, or --raw=delimited has their lengths"};
}

Error cut_off(std::string const& where) {
    return {Errc::invalid, "standard input ends in the middle of " + where,
            "it was cut off, or is not what `bus topic echo --raw=delimited` writes"};
}

}  // namespace

/// Until there is something to read, or the end.
Result<void> Input::wait() {
    while (true) {
        if (auto ready = wait_readable(out_, {STDIN_FILENO, bus_.fd()}, Deadline::max()); !ready) return ready.error();
        if (auto served = bus_.dispatch(); !served) return served.error();
        pollfd polled{STDIN_FILENO, POLLIN, 0};
        if (::poll(&polled, 1, 0) > 0) return {};  // an error too: read() names it
    }
}

Result<bool> Input::fill() {
    if (ended_) return false;
    if (held_.size() - at_ > kLongest) return too_long();
    if (at_ > 0) held_.erase(0, std::exchange(at_, 0));
    std::array<char, 64 * 1024> buffer;
    while (true) {
        if (auto ready = wait(); !ready) return ready.error();
        auto const got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got < 0) {
            auto const code = errno;
            return Error(Errc::io, std::string("can't read standard input: ") + std::strerror(code), {}, code);
        }
        ended_ = got == 0;
        held_.append(buffer.data(), static_cast<std::size_t>(got));
        return !ended_;
    }
}

std::string Input::take(std::size_t bytes) {
    auto taken = held_.substr(at_, bytes);
    at_ += bytes;
    return taken;
}

Result<std::optional<std::string>> Input::line() {
    std::size_t searched = 0;  // behind at_
    while (true) {
        auto const end = held_.find('\n', at_ + searched);
        if (end != std::string::npos) {
            auto text = take(end - at_);
            ++at_;
            return std::optional(std::move(text));
        }
        searched = held_.size() - at_;
        auto const more = fill();
        if (!more) return more.error();
        if (*more) continue;
        if (held_.size() == at_) return std::optional<std::string>();
        return std::optional(take(held_.size() - at_));
    }
}

Result<std::optional<std::string>> Input::delimited() {
    std::uint64_t length = 0;
    for (unsigned shift = 0, used = 0;; shift += 7, ++used) {
        while (held_.size() - at_ <= used) {
            auto const more = fill();
            if (!more) return more.error();
            if (!*more && held_.size() == at_) return std::optional<std::string>();
            if (!*more) return cut_off("a length");
        }
        auto const byte = static_cast<unsigned char>(held_[at_ + used]);
        if (shift > 28)
            return Error(Errc::invalid, "standard input holds no lengths: one is above 4 GiB",
                         "`bus topic echo --raw=delimited` writes them");
        length |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte >= 0x80) continue;
        at_ += used + 1;
        break;
    }
    if (length > kLongest)
        return Error(Errc::too_large, "a message of " + std::to_string(length) + " bytes on standard input; 64 MiB are allowed",
                     "`bus topic echo --raw=delimited` writes what is read here");
    while (held_.size() - at_ < length) {
        auto const more = fill();
        if (!more) return more.error();
        if (!*more) return cut_off("a message of " + std::to_string(length) + " bytes");
    }
    return std::optional(take(length));
}

Result<std::string> Input::all() {
    while (true) {
        auto const more = fill();
        if (!more) return more.error();
        if (!*more) return take(held_.size() - at_);
    }
}

}  // namespace bus::tool

// Random numbers from the kernel.
#include "sys/ipc_key.hpp"

#include <sys/ipc.h>
#include <sys/random.h>

#include "sys/syscall.hpp"

namespace bus::sys {

Result<void> fill_random(std::span<std::byte> bytes) {
    while (!bytes.empty()) {
        auto const got = retry([&] { return ::getrandom(bytes.data(), bytes.size(), 0); });
        if (got < 0) return call_failed(errno, "getrandom", std::to_string(bytes.size()) + " bytes");
        bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
    return {};
}

Result<key_t> random_key() {
    for (;;) {
        key_t key = 0;
        if (auto const filled = fill_random(std::as_writable_bytes(std::span(&key, 1))); !filled) return filled.error();
        if (key != IPC_PRIVATE && key != -1) return key;
    }
}

Result<Cookie> random_cookie() {
    for (;;) {
        Cookie cookie;
        if (auto const filled = fill_random(std::as_writable_bytes(std::span(&cookie, 1))); !filled) return filled.error();
        if (cookie != Cookie{}) return cookie;
    }
}

}  // namespace bus::sys

// What every failed system call becomes, and the one place that knows about EINTR.
//
// An error names the call, its arguments, the object and the kernel's answer; where a limit of the kernel is the cause the hint names
// the limit, its present value and how to raise it. The errno stays in Error::detail().
#pragma once

#include <bus/error.hpp>
#include <cerrno>
#include <string>
#include <string_view>
#include <utility>

#include "sys/clock.hpp"

namespace bus::sys {

/// not_permitted, not_found, conflict, limit, would_block, timeout, closed, too_large, invalid or io.
Errc errc_of(int error_number) noexcept;

/// "ENOSPC"; "errno 4711" where the C library knows none.
std::string errno_name(int error_number);

/// The Error of a call that failed: "shmget(key 0x1f2e3d4c, 4096 bytes, mode 0644) failed: ENOSPC, No space left on device".
/// `object` is said before it where it isn't empty: "ring of robot/pose: shmget(...) failed: ...".
/// A call without answer worth a text (would_block of a try, timeout) is returned as the bare Errc by the callers instead.
Error call_failed(int error_number, std::string_view call, std::string_view arguments, std::string_view object = {});
/// The same with another Errc than errc_of() would choose, because the caller knows better why.
Error call_failed(Errc code, int error_number, std::string_view call, std::string_view arguments, std::string_view object = {});

/// The hint for that call and errno: limit, value, how to raise it. Empty where no limit is to blame.
std::string limit_hint(std::string_view call, int error_number);

/// "0x1f2e3d4c", "0644": keys and modes as ipcs and ls print them.
std::string hex(std::uint32_t number);
std::string octal(unsigned mode);

/// Calls until the answer is something else than -1 with EINTR.
template <class Call>
auto retry(Call&& call) {
    for (;;) {
        auto const answer = call();
        if (answer != static_cast<decltype(answer)>(-1) || errno != EINTR) return answer;
    }
}

/// The same for a call with a timeout: `call(timespec const* rest)` gets what is left until `deadline`, anew after each signal;
/// a null pointer for kForever. Where the deadline has passed it is called with zero: once, and does not wait.
template <class Call>
auto retry_until(Deadline deadline, Call&& call) {
    return retry([&] {
        if (deadline == kForever) return call(static_cast<timespec const*>(nullptr));
        timespec const rest = to_timespec(remaining(deadline));
        return call(&rest);
    });
}

}  // namespace bus::sys

// Who holds the lock serves the bus; a pidfd tells when it has ended.
#include "stop.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "client/runtime_folder.hpp"
#include "sys/file.hpp"
#include "sys/poller.hpp"
#include "sys/record_lock.hpp"
#include "sys/syscall.hpp"

namespace bus::broker {
namespace {

constexpr int kNoBroker = 4, kNotPermitted = 5;

int say(Error const& error) {
    std::fprintf(stderr, "busd: %s\n", error.what().c_str());
    if (!error.hint().empty()) std::fprintf(stderr, "busd: try: %s\n", error.hint().c_str());
    return 1;
}

int end_process(pid_t pid) {
    sys::FileDescriptor const process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!process) return errno == ESRCH ? 0 : say(sys::call_failed(errno, "pidfd_open", "pid " + std::to_string(pid)));
    if (::syscall(SYS_pidfd_send_signal, process.fd(), SIGTERM, nullptr, 0) != 0 && errno != ESRCH) {
        if (errno == EPERM) {
            (void)say(Error(Errc::not_permitted, "busd (pid " + std::to_string(pid) + ") belongs to another user, who alone can end it",
                            "do it as that user, or as root: sudo busd --stop"));
            return kNotPermitted;
        }
        return say(sys::call_failed(errno, "pidfd_send_signal", "pid " + std::to_string(pid) + ", SIGTERM"));
    }
    auto const ended = sys::poll_until(process.fd(), POLLIN, sys::kForever);
    return ended ? 0 : say(ended.error());
}

}  // namespace

int stop_bus(std::string const& bus) {
    ConnectionOptions wanted;
    wanted.bus = bus;
    auto const resolved = client::resolve(std::move(wanted));
    if (!resolved) return say(resolved.error());
    std::string looked;
    for (auto const& place : client::runtime_places(*resolved)) {
        auto const folder = client::open_runtime_folder(place);
        if (!folder && folder.error() != Errc::not_found) return say(folder.error());
        looked += (looked.empty() ? "" : ", ") + place;
        if (!folder) continue;
        auto const holder = sys::lock_holder(folder->path_of("lock"));
        if (!holder) return say(holder.error());
        if (!*holder) continue;
        if (**holder == 0) {
            return say(Error(Errc::no_broker, "the busd of " + place + " runs in another pid namespace", "stop it where it was started"));
        }
        return end_process(**holder);
    }
    (void)say(Error(Errc::no_broker, "no busd serves bus " + resolved->bus + " (looked at: " + looked + ")"));
    return kNoBroker;
}

}  // namespace bus::broker

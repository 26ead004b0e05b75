// The thread that sleeps on the sign of life.
#include "removal_watch.hpp"

#include <system_error>
#include <thread>

#include "sys/semaphore_set.hpp"

namespace bus::broker {

Result<RemovalWatch> RemovalWatch::start(shm::ObjectRef const& alive) {
    auto created = sys::EventFd::create();
    if (!created) return created.error();
    auto const event = std::make_shared<sys::EventFd const>(std::move(*created));
    try {
        // Signals are blocked in it as in whoever starts it: those of busd go to its descriptor.
        std::thread([event, set = sys::SemaphoreSet(alive.id)] {
            (void)set.wait_zero_until(0, sys::kForever);
            event->poke();
        }).detach();
    } catch (std::system_error const& error) {
        return Error(Errc::limit, std::string("no thread to watch the sign of life: ") + error.what(), "ulimit -u");
    }
    return RemovalWatch(event);
}

}  // namespace bus::broker

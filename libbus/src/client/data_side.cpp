// The data side of a session: made before anything uses it.
#include "client/data_side.hpp"

#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string_view>

#include "sys/barrier.hpp"

namespace bus::client {

Result<std::shared_ptr<DataSide>> make_data_side(Core& core, RunLoop& loop) {
    auto const attention = shm::OwnAttention::open(core.session.attention_bytes());
    if (!attention) return attention.error();
    return std::make_shared<DataSide>(core, loop, *attention);
}

Duration DataSide::recheck_from_environment() {
    auto const* const off = std::getenv("BUS_NO_RECHECK");
    return off != nullptr && std::string_view(off) == "1" ? Duration(std::chrono::hours(1)) : kRecheck;
}

namespace {

bool has_one_thread() {
    std::error_code error;
    std::filesystem::directory_iterator threads("/proc/self/task", error);
    return !error && std::distance(begin(threads), end(threads)) == 1;
}

}  // namespace

// Registering costs microseconds now and tens of milliseconds once there are threads: then we stay fenced. A forked child is another
// process, and asks anew.
bool DataSide::register_for_barrier() {
    static std::mutex mutex;
    static std::uint64_t registered_in = 0;  // fork_generation of the process that did
    std::lock_guard const lock(mutex);
    if (registered_in == sys::fork_generation()) return true;
    if (!sys::has_global_barrier() || !has_one_thread() || !sys::register_for_global_barrier()) return false;
    registered_in = sys::fork_generation();
    return true;
}

}  // namespace bus::client

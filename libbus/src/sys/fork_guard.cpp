// The wiped page, and the descriptors that end at a fork.
#include "sys/fork_guard.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <vector>

namespace bus::sys {

namespace {

using Word = std::atomic<std::uint64_t>;

// Where the kernel has no page for us, or can't wipe one (before Linux 4.14): a child made by fork() wipes it itself, one made by clone()
// does not. Without any of it a child would use, and remove, its parent's objects.
Word* make_unwiped() noexcept {
    static Word word{0};
    if (::pthread_atfork(nullptr, nullptr, [] { word.store(0, std::memory_order_relaxed); }) != 0) {
        std::fputs("libbus: no memory to notice a fork by; giving up\n", stderr);
        std::abort();
    }
    return &word;
}

Word* make_page() noexcept {
    auto const bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const page = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return make_unwiped();
    if (::madvise(page, bytes, MADV_WIPEONFORK) == 0) return new (page) Word(0);
    ::munmap(page, bytes);
    return make_unwiped();
}

Word& wiped_at_fork() noexcept {
    static Word& word = *make_page();
    return word;
}

// Not wiped: a child starts from its parent's number, so the next one is new in the whole line of ancestors.
Word last_generation{0};

// Descriptors to close in a child. fork() runs under the lock, so the child finds the list whole.
struct Registry {
    std::mutex mutex;
    std::vector<int> descriptors;

    Registry() noexcept {
        ::pthread_atfork([] { instance().mutex.lock(); }, [] { instance().mutex.unlock(); }, [] { instance().close_all(); });
    }
    void close_all() noexcept {
        for (int const fd : descriptors) ::close(fd);
        descriptors.clear();
        mutex.unlock();
    }
    static Registry& instance() noexcept {
        static Registry& registry = *new Registry;  // never destroyed: descriptors may be closed after main()
        return registry;
    }
};

}  // namespace

std::atomic<std::uint64_t> const& fork_word() noexcept { return wiped_at_fork(); }

std::uint64_t fork_generation() noexcept {
    auto& word = wiped_at_fork();
    auto const generation = word.load(std::memory_order_relaxed);
    if (generation != 0) [[likely]]
        return generation;
    std::uint64_t expected = 0;
    auto const fresh = last_generation.fetch_add(1, std::memory_order_relaxed) + 1;
    return word.compare_exchange_strong(expected, fresh, std::memory_order_relaxed) ? fresh : expected;
}

ProcessDescriptor::ProcessDescriptor(FileDescriptor descriptor) {
    if (!descriptor) return;
    auto& registry = Registry::instance();
    std::lock_guard const lock(registry.mutex);
    registry.descriptors.push_back(descriptor.fd());
    descriptor_ = descriptor.release();
}

ProcessDescriptor::ProcessDescriptor(ProcessDescriptor&& other) noexcept
    : guard_(other.guard_), descriptor_(std::exchange(other.descriptor_, -1)) {}

ProcessDescriptor& ProcessDescriptor::operator=(ProcessDescriptor&& other) noexcept {
    if (this != &other) {
        close();
        guard_ = other.guard_;
        descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
}

ProcessDescriptor::~ProcessDescriptor() { close(); }

void ProcessDescriptor::close() noexcept {
    int const fd = std::exchange(descriptor_, -1);
    if (fd < 0 || guard_.in_child()) return;
    auto& registry = Registry::instance();
    std::lock_guard const lock(registry.mutex);
    std::erase(registry.descriptors, fd);
    ::close(fd);  // under the lock: a fork in between would close a number that is somebody else's by then
}

}  // namespace bus::sys

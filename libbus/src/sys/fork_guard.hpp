// How a handle sees, for the price of one load, that it was copied into a forked child.
//
// One page of the process is marked MADV_WIPEONFORK: in a child its first word reads 0, however the child was made (fork, clone).
// The first look there writes a number that no ancestor has had. A guard remembers the number it was made under.
// A process that shares our memory (vfork, threads) is us and sees no difference.
//
// What must not be in a child at all (the read end of a FIFO: a copy hides our death; an epoll set: it would be shared) is a
// ProcessDescriptor: closed in the child by pthread_atfork, before fork() returns there. A raw clone() runs no such handlers.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "sys/file.hpp"

namespace bus::sys {

/// The number of this process among its forks: never 0; differs between a process and every process forked from it.
std::uint64_t fork_generation() noexcept;

/// The word itself: 0 in a child that has not looked yet.
std::atomic<std::uint64_t> const& fork_word() noexcept;

/// Remembers the process that made it. Threads: any.
class ForkGuard {
public:
    ForkGuard() noexcept : generation_(fork_generation()), word_(&fork_word()) {}
    bool in_child() const noexcept { return word_->load(std::memory_order_relaxed) != generation_; }

private:
    std::uint64_t generation_;
    std::atomic<std::uint64_t> const* word_;
};

/// Owns a descriptor that belongs to this process alone: closed by the destructor, and in every forked child at once.
/// In a child fd() says -1 and the destructor does nothing (the number may be somebody else's by then).
class ProcessDescriptor {
public:
    ProcessDescriptor() noexcept = default;
    explicit ProcessDescriptor(FileDescriptor descriptor);
    ProcessDescriptor(ProcessDescriptor&& other) noexcept;
    ProcessDescriptor& operator=(ProcessDescriptor&& other) noexcept;
    ProcessDescriptor(ProcessDescriptor const&) = delete;
    ProcessDescriptor& operator=(ProcessDescriptor const&) = delete;
    ~ProcessDescriptor();

    int fd() const noexcept { return guard_.in_child() ? -1 : descriptor_; }
    explicit operator bool() const noexcept { return fd() >= 0; }
    void close() noexcept;

private:
    ForkGuard guard_;
    int descriptor_ = -1;
};

}  // namespace bus::sys

// The wrappers. Each stands in front of the C library's (or a sanitizer's) function of the same name.
//
// This file must see the plain names: with 64-bit offsets asked for, the headers would rename open() to open64() under our hands.
// Both names are wrapped, since libbus is built either way.
#undef _FILE_OFFSET_BITS
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/random.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <type_traits>

#include "support/fault_control.hpp"

namespace {

template <class Function>
Function* real(char const* name) noexcept {
    return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

template <class T>
T failed() noexcept {
    if constexpr (std::is_same_v<T, DIR*> || std::is_same_v<T, dirent*> || std::is_same_v<T, dirent64*>) {
        return nullptr;
    } else if constexpr (std::is_pointer_v<T>) {
        return reinterpret_cast<T>(-1);
    } else {
        return static_cast<T>(-1);
    }
}

}  // namespace

// A function of fixed arguments: BUS_FAULT_SHIM(result, name, (parameters), (arguments), counted as)
#define BUS_FAULT_SHIM_AS(result, name, parameters, arguments, counted)  \
    extern "C" result name parameters {                                  \
        static auto* const next = real<result parameters>(#name);        \
        if (bus::test::fault::strikes(counted)) return failed<result>(); \
        return next arguments;                                           \
    }
#define BUS_FAULT_SHIM(result, name, parameters, arguments) BUS_FAULT_SHIM_AS(result, name, parameters, arguments, #name)

BUS_FAULT_SHIM(int, msgget, (key_t key, int flags) noexcept, (key, flags))
BUS_FAULT_SHIM(int, msgsnd, (int id, void const* message, size_t bytes, int flags), (id, message, bytes, flags))
BUS_FAULT_SHIM(ssize_t, msgrcv, (int id, void* message, size_t bytes, long type, int flags), (id, message, bytes, type, flags))
BUS_FAULT_SHIM(int, msgctl, (int id, int command, msqid_ds* data) noexcept, (id, command, data))
BUS_FAULT_SHIM(int, shmget, (key_t key, size_t bytes, int flags) noexcept, (key, bytes, flags))
BUS_FAULT_SHIM(void*, shmat, (int id, void const* address, int flags) noexcept, (id, address, flags))
BUS_FAULT_SHIM(int, shmdt, (void const* address) noexcept, (address))
BUS_FAULT_SHIM(int, shmctl, (int id, int command, shmid_ds* data) noexcept, (id, command, data))
BUS_FAULT_SHIM(int, semget, (key_t key, int count, int flags) noexcept, (key, count, flags))
BUS_FAULT_SHIM(int, semop, (int id, sembuf* operations, size_t count) noexcept, (id, operations, count))
BUS_FAULT_SHIM(int, semtimedop, (int id, sembuf* operations, size_t count, timespec const* rest) noexcept, (id, operations, count, rest))

BUS_FAULT_SHIM(int, mkfifo, (char const* path, mode_t mode) noexcept, (path, mode))
BUS_FAULT_SHIM(int, mkdir, (char const* path, mode_t mode) noexcept, (path, mode))
BUS_FAULT_SHIM(int, mkdirat, (int folder, char const* path, mode_t mode) noexcept, (folder, path, mode))
BUS_FAULT_SHIM(int, unlink, (char const* path) noexcept, (path))
BUS_FAULT_SHIM(int, unlinkat, (int folder, char const* path, int flags) noexcept, (folder, path, flags))
BUS_FAULT_SHIM(int, rename, (char const* from, char const* to) noexcept, (from, to))
BUS_FAULT_SHIM(int, fchmod, (int fd, mode_t mode) noexcept, (fd, mode))
BUS_FAULT_SHIM(int, fchmodat, (int folder, char const* path, mode_t mode, int flags) noexcept, (folder, path, mode, flags))
BUS_FAULT_SHIM_AS(int, lsetxattr, (char const* path, char const* name, void const* value, size_t bytes, int flags) noexcept,
                  (path, name, value, bytes, flags), "setxattr")
BUS_FAULT_SHIM(int, setxattr, (char const* path, char const* name, void const* value, size_t bytes, int flags) noexcept,
               (path, name, value, bytes, flags))
BUS_FAULT_SHIM(int, rmdir, (char const* path) noexcept, (path))
BUS_FAULT_SHIM(int, access, (char const* path, int how) noexcept, (path, how))
BUS_FAULT_SHIM(int, stat, (char const* path, struct stat* into) noexcept, (path, into))
BUS_FAULT_SHIM(int, lstat, (char const* path, struct stat* into) noexcept, (path, into))
BUS_FAULT_SHIM(int, fstat, (int fd, struct stat* into) noexcept, (fd, into))
BUS_FAULT_SHIM_AS(int, stat64, (char const* path, struct stat64* into) noexcept, (path, into), "stat")
BUS_FAULT_SHIM_AS(int, lstat64, (char const* path, struct stat64* into) noexcept, (path, into), "lstat")
BUS_FAULT_SHIM_AS(int, fstat64, (int fd, struct stat64* into) noexcept, (fd, into), "fstat")
BUS_FAULT_SHIM(DIR*, fdopendir, (int fd), (fd))
BUS_FAULT_SHIM(dirent*, readdir, (DIR * folder), (folder))
BUS_FAULT_SHIM_AS(dirent64*, readdir64, (DIR * folder), (folder), "readdir")
BUS_FAULT_SHIM(int, fsync, (int fd), (fd))
BUS_FAULT_SHIM(int, fdatasync, (int fd), (fd))
BUS_FAULT_SHIM(ssize_t, read, (int fd, void* into, size_t bytes), (fd, into, bytes))
BUS_FAULT_SHIM(ssize_t, write, (int fd, void const* from, size_t bytes), (fd, from, bytes))
BUS_FAULT_SHIM(ssize_t, pread, (int fd, void* into, size_t bytes, off_t at), (fd, into, bytes, at))
BUS_FAULT_SHIM(ssize_t, pwrite, (int fd, void const* from, size_t bytes, off_t at), (fd, from, bytes, at))
BUS_FAULT_SHIM(ssize_t, pwritev2, (int fd, iovec const* from, int count, off_t at, int flags), (fd, from, count, at, flags))
BUS_FAULT_SHIM(int, ftruncate, (int fd, off_t bytes) noexcept, (fd, bytes))
BUS_FAULT_SHIM_AS(ssize_t, pread64, (int fd, void* into, size_t bytes, off64_t at), (fd, into, bytes, at), "pread")
BUS_FAULT_SHIM_AS(ssize_t, pwrite64, (int fd, void const* from, size_t bytes, off64_t at), (fd, from, bytes, at), "pwrite")
BUS_FAULT_SHIM_AS(ssize_t, pwritev64v2, (int fd, iovec const* from, int count, off64_t at, int flags), (fd, from, count, at, flags),
                  "pwritev2")
BUS_FAULT_SHIM_AS(int, ftruncate64, (int fd, off64_t bytes) noexcept, (fd, bytes), "ftruncate")

BUS_FAULT_SHIM(int, poll, (pollfd * descriptors, nfds_t count, int timeout_ms), (descriptors, count, timeout_ms))
BUS_FAULT_SHIM(int, ppoll, (pollfd * descriptors, nfds_t count, timespec const* rest, sigset_t const* mask),
               (descriptors, count, rest, mask))
BUS_FAULT_SHIM(int, epoll_create1, (int flags) noexcept, (flags))
BUS_FAULT_SHIM(int, epoll_ctl, (int poller, int command, int fd, epoll_event* event) noexcept, (poller, command, fd, event))
BUS_FAULT_SHIM(int, epoll_wait, (int poller, epoll_event* events, int count, int timeout_ms), (poller, events, count, timeout_ms))
BUS_FAULT_SHIM_AS(int, epoll_pwait2, (int poller, epoll_event* events, int count, timespec const* rest, sigset_t const* mask),
                  (poller, events, count, rest, mask), "epoll_wait")
BUS_FAULT_SHIM(int, eventfd, (unsigned count, int flags) noexcept, (count, flags))
BUS_FAULT_SHIM(int, timerfd_create, (clockid_t clock, int flags) noexcept, (clock, flags))
BUS_FAULT_SHIM(int, timerfd_settime, (int fd, int flags, itimerspec const* to, itimerspec* from) noexcept, (fd, flags, to, from))
BUS_FAULT_SHIM(int, signalfd, (int fd, sigset_t const* mask, int flags) noexcept, (fd, mask, flags))
BUS_FAULT_SHIM(int, socket, (int domain, int type, int protocol) noexcept, (domain, type, protocol))
BUS_FAULT_SHIM(ssize_t, sendto, (int fd, void const* from, size_t bytes, int flags, sockaddr const* to, socklen_t to_bytes),
               (fd, from, bytes, flags, to, to_bytes))
BUS_FAULT_SHIM(pid_t, fork, () noexcept, ())
BUS_FAULT_SHIM(pid_t, waitpid, (pid_t pid, int* status, int options), (pid, status, options))
BUS_FAULT_SHIM(int, kill, (pid_t pid, int signal) noexcept, (pid, signal))
BUS_FAULT_SHIM(int, getgroups, (int count, gid_t* into) noexcept, (count, into))
BUS_FAULT_SHIM(int, sched_getaffinity, (pid_t pid, size_t bytes, cpu_set_t* mask) noexcept, (pid, bytes, mask))
BUS_FAULT_SHIM(int, pipe2, (int* ends, int flags) noexcept, (ends, flags))
BUS_FAULT_SHIM(int, madvise, (void* address, size_t bytes, int advice) noexcept, (address, bytes, advice))
BUS_FAULT_SHIM(void*, mmap, (void* address, size_t bytes, int protection, int flags, int fd, off_t at) noexcept,
               (address, bytes, protection, flags, fd, at))
BUS_FAULT_SHIM_AS(void*, mmap64, (void* address, size_t bytes, int protection, int flags, int fd, off64_t at) noexcept,
                  (address, bytes, protection, flags, fd, at), "mmap")
BUS_FAULT_SHIM(ssize_t, getrandom, (void* into, size_t bytes, unsigned flags), (into, bytes, flags))

// NOLINTBEGIN(bugprone-macro-parentheses): these macros get parts of declarations.
// Functions of a variable argument pass it on as a word, which is how all of them look to the caller on the machines we know.
#define BUS_FAULT_SHIM_VARIADIC(name, counted, parameters, types, last, arguments) \
    extern "C" int name parameters {                                               \
        static auto* const next = real<int types>(#name);                          \
        va_list rest;                                                              \
        va_start(rest, last);                                                      \
        auto const word = va_arg(rest, long);                                      \
        va_end(rest);                                                              \
        if (bus::test::fault::strikes(counted)) return -1;                         \
        return next arguments;                                                     \
    }
// NOLINTEND(bugprone-macro-parentheses)

BUS_FAULT_SHIM_VARIADIC(open, "open", (char const* path, int flags, ...), (char const*, int, ...), flags, (path, flags, word))
BUS_FAULT_SHIM_VARIADIC(open64, "open", (char const* path, int flags, ...), (char const*, int, ...), flags, (path, flags, word))
BUS_FAULT_SHIM_VARIADIC(openat, "openat", (int folder, char const* path, int flags, ...), (int, char const*, int, ...), flags,
                        (folder, path, flags, word))
BUS_FAULT_SHIM_VARIADIC(openat64, "openat", (int folder, char const* path, int flags, ...), (int, char const*, int, ...), flags,
                        (folder, path, flags, word))
BUS_FAULT_SHIM_VARIADIC(fcntl, "fcntl", (int fd, int command, ...), (int, int, ...), command, (fd, command, word))
BUS_FAULT_SHIM_VARIADIC(fcntl64, "fcntl", (int fd, int command, ...), (int, int, ...), command, (fd, command, word))
BUS_FAULT_SHIM_VARIADIC(semctl, "semctl", (int id, int index, int command, ...) noexcept, (int, int, int, ...), command,
                        (id, index, command, word))

extern "C" long syscall(long number, ...) noexcept {
    static auto* const next = real<long(long, ...)>("syscall");
    va_list rest;
    va_start(rest, number);
    long words[6];
    for (auto& word : words) word = va_arg(rest, long);
    va_end(rest);
    if (bus::test::fault::strikes("syscall")) return -1;
    return next(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

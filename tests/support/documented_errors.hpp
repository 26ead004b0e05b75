// With what each system call of library and broker may fail, as its manual page has it: but for what only a wrong program can meet (EBADF,
// EFAULT, a name that is too long) and what another call of the same table stands for already.
#pragma once

#include <cerrno>
#include <vector>

namespace bus::test {

struct FailingCall {
    char const* name;  // as fault_shim.cpp counts it
    std::vector<int> errors;
};

inline std::vector<FailingCall> const& documented_errors() {
    static std::vector<FailingCall> const all = {
        {"msgget", {EEXIST, ENOSPC, ENOMEM, EACCES, ENOENT}},
        {"msgsnd", {EAGAIN, EINTR, EIDRM, ENOMEM, EACCES, EINVAL}},
        {"msgrcv", {ENOMSG, EINTR, EIDRM, E2BIG, EACCES, EINVAL}},
        {"msgctl", {EIDRM, EINVAL, EPERM, EACCES}},
        {"shmget", {EEXIST, ENOSPC, ENOMEM, EACCES, EINVAL, ENFILE, EPERM, ENOENT}},
        {"shmat", {ENOMEM, EIDRM, EACCES, EINVAL}},
        {"shmdt", {}},  // fails for a wrong program only
        {"shmctl", {EIDRM, EINVAL, EPERM, EACCES, ENOMEM, EOVERFLOW}},
        {"semget", {EEXIST, ENOSPC, ENOMEM, EACCES, EINVAL, ENOENT}},
        {"semop", {EAGAIN, EINTR, EIDRM, ENOMEM, EACCES, ENOSPC, ERANGE, EINVAL}},
        {"semtimedop", {EINTR, EIDRM, ENOMEM, EACCES, ENOSPC, ERANGE, EINVAL}},
        {"semctl", {EIDRM, EINVAL, EPERM, EACCES, ENOMEM, ERANGE}},
        {"open", {EMFILE, ENOENT, EACCES, ENXIO, ENFILE, EINTR, ENOMEM, ENOSPC, ELOOP, EROFS}},
        {"openat", {EMFILE, ENOENT, EACCES, ENFILE, ENOMEM, ELOOP, ENOTDIR}},
        {"read", {EAGAIN, EINTR, EIO}},
        {"write", {EAGAIN, EINTR, EPIPE, EIO, ENOSPC}},
        {"pread", {EINTR, EIO}},
        {"pwrite", {ENOSPC, EIO, EINTR}},
        {"pwritev2", {ENOSPC, EIO, EINTR}},
        {"fsync", {EIO, ENOSPC, EINTR}},
        {"fdatasync", {EIO, ENOSPC}},
        {"ftruncate", {EIO, EINTR}},
        {"rename", {ENOSPC, EACCES, EROFS}},
        {"unlink", {EACCES, ENOENT, EBUSY, EROFS}},
        {"unlinkat", {EACCES, ENOENT, EBUSY, EROFS}},
        {"rmdir", {EACCES, ENOTEMPTY}},
        {"mkdir", {ENOSPC, EACCES, EEXIST}},
        {"mkdirat", {ENOSPC, EACCES, EEXIST}},
        {"mkfifo", {ENOSPC, EEXIST, EACCES}},
        {"fchmod", {EPERM, EIO}},
        {"fchmodat", {EPERM, EIO}},
        {"setxattr", {ENOTSUP, ENOSPC, EPERM}},
        {"access", {EACCES, ENOENT, ENOMEM}},
        {"stat", {ENOENT, EACCES, ENOMEM}},
        {"lstat", {ENOENT, EACCES, ENOMEM}},
        {"fstat", {ENOMEM, EOVERFLOW}},
        {"fdopendir", {ENOMEM}},
        {"readdir", {ENOENT}},
        {"fcntl", {EINTR, EAGAIN, ENOLCK}},
        {"poll", {EINTR, ENOMEM}},
        {"ppoll", {EINTR, ENOMEM}},
        {"epoll_create1", {EMFILE, ENOMEM, ENFILE}},
        {"epoll_ctl", {ENOMEM, ENOSPC}},
        {"epoll_wait", {EINTR}},
        {"eventfd", {EMFILE, ENOMEM, ENFILE}},
        {"timerfd_create", {EMFILE, ENOMEM, ENFILE}},
        {"timerfd_settime", {EINVAL}},
        {"signalfd", {EMFILE, ENOMEM, ENFILE}},
        {"socket", {EMFILE, ENOMEM}},
        {"sendto", {EAGAIN, ECONNREFUSED, ENOBUFS}},
        {"pipe2", {EMFILE, ENFILE}},
        {"fork", {EAGAIN, ENOMEM}},
        {"waitpid", {EINTR, ECHILD}},
        {"kill", {EPERM, ESRCH}},
        {"madvise", {ENOMEM, EINVAL}},
        {"mmap", {ENOMEM}},
        {"getrandom", {EINTR, EAGAIN, ENOSYS}},
        {"getgroups", {EINVAL}},
        {"sched_getaffinity", {EINVAL}},
        {"syscall", {ENOSYS, EPERM}},
    };
    return all;
}

}  // namespace bus::test

// POSIX record locks, and the table of those this process holds.
#include "sys/record_lock.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <vector>

#include "sys/syscall.hpp"

namespace bus::sys {

namespace {

struct Held {
    ForkGuard guard;  // an entry copied into a forked child means nothing there
    dev_t device;
    ino_t inode;
    int fd;
};

struct Table {
    std::mutex mutex;
    std::vector<Held> held;

    static Table& instance() {
        static Table& table = *new Table;  // never destroyed: locks may be given back after main()
        return table;
    }
    bool has(struct stat const& file) const {
        return std::any_of(held.begin(), held.end(),
                           [&](Held const& one) { return one.device == file.st_dev && one.inode == file.st_ino && !one.guard.in_child(); });
    }
};

struct flock whole_file() noexcept {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

Result<std::optional<pid_t>> ask_holder(int fd, std::string const& path) {
    auto lock = whole_file();
    if (retry([&] { return ::fcntl(fd, F_GETLK, &lock); }) < 0) return call_failed(errno, "fcntl", path + ", F_GETLK");
    if (lock.l_type == F_UNLCK) return std::optional<pid_t>();
    return std::optional<pid_t>(lock.l_pid);
}

Error held_here(std::string const& path) {
    return {Errc::conflict, path + " is locked by this process (pid " + std::to_string(::getpid()) + ") already"};
}

Error held_elsewhere(std::string const& path, int fd) {
    auto const holder = ask_holder(fd, path);
    auto const who = holder && *holder ? "pid " + std::to_string(**holder) : "another process";
    return {Errc::conflict, path + " is locked by " + who, holder && *holder ? "ps -fp " + std::to_string(**holder) : ""};
}

}  // namespace

Result<RecordLock> RecordLock::try_lock(std::string const& path) {
    auto& table = Table::instance();
    std::lock_guard const guard(table.mutex);
    for (;;) {
        struct stat named {};
        if (::lstat(path.c_str(), &named) == 0 && table.has(named)) return held_here(path);  // before any open: see the header
        auto file = open_file(path, O_RDWR | O_CREAT | O_NONBLOCK, 0644);
        if (!file) return file.error();
        struct stat opened {};
        if (::fstat(file->fd(), &opened) < 0) return call_failed(errno, "fstat", path);
        if (table.has(opened)) {
            file->release();  // renamed under our hands to a file that we hold: closing it would drop the lock
            return held_here(path);
        }
        auto lock = whole_file();
        if (retry([&] { return ::fcntl(file->fd(), F_SETLK, &lock); }) < 0) {
            if (errno == EAGAIN || errno == EACCES) return held_elsewhere(path, file->fd());
            return call_failed(errno, "fcntl", path + ", F_SETLK");
        }
        // A file that was removed or replaced meanwhile locks nobody out: take the one that has the name now.
        if (::lstat(path.c_str(), &named) != 0 || named.st_dev != opened.st_dev || named.st_ino != opened.st_ino) continue;
        table.held.push_back({ForkGuard(), opened.st_dev, opened.st_ino, file->fd()});
        return RecordLock(ForkGuard(), file->release());
    }
}

RecordLock::RecordLock(RecordLock&& other) noexcept : guard_(other.guard_), fd_(std::exchange(other.fd_, -1)) {}

RecordLock& RecordLock::operator=(RecordLock&& other) noexcept {
    std::swap(guard_, other.guard_);
    std::swap(fd_, other.fd_);
    return *this;
}

RecordLock::~RecordLock() {
    if (fd_ < 0) return;
    if (guard_.in_child()) {  // locks are not inherited, so closing our copy drops none
        ::close(fd_);
        return;
    }
    auto& table = Table::instance();
    std::lock_guard const lock(table.mutex);
    std::erase_if(table.held, [&](Held const& one) { return one.fd == fd_ && !one.guard.in_child(); });
    ::close(fd_);
}

Result<std::optional<pid_t>> lock_holder(std::string const& path) {
    auto& table = Table::instance();
    std::lock_guard const lock(table.mutex);
    struct stat named {};
    if (::stat(path.c_str(), &named) < 0) {
        if (errno == ENOENT) return std::optional<pid_t>();
        return call_failed(errno, "stat", path);
    }
    if (table.has(named)) return std::optional<pid_t>(::getpid());
    auto file = open_file(path, O_RDONLY | O_NONBLOCK);
    if (!file) return file.error();
    struct stat opened {};
    if (::fstat(file->fd(), &opened) == 0 && table.has(opened)) {
        file->release();
        return std::optional<pid_t>(::getpid());
    }
    return ask_holder(file->fd(), path);
}

}  // namespace bus::sys

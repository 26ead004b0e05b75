// Named pipes, their access lists, and writing to them without a signal.
#include "sys/fifo.hpp"

#include <endian.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sys/syscall.hpp"

namespace bus::sys {

namespace {

// The attribute system.posix_acl_access as the kernel wants it (include/uapi/linux/posix_acl_xattr.h): little-endian, sorted by tag.
constexpr std::uint32_t kAclVersion = 2;
constexpr std::uint32_t kNoId = 0xffffffff;
enum AclTag : std::uint16_t { kUserObject = 0x01, kUser = 0x02, kGroupObject = 0x04, kMask = 0x10, kOther = 0x20 };

struct AclEntry {
    std::uint16_t tag;
    std::uint16_t rights;
    std::uint32_t id;
};
struct Acl {
    std::uint32_t version;
    std::array<AclEntry, 5> entries;
};
static_assert(sizeof(AclEntry) == 8 && sizeof(Acl) == 44);

AclEntry entry(AclTag tag, unsigned rights, std::uint32_t id = kNoId) noexcept {
    return {htole16(tag), htole16(static_cast<std::uint16_t>(rights & 7)), htole32(id)};
}

constexpr int kNoSignal = 0x100;  // RWF_NOSIGNAL, Linux 6.18
std::atomic<bool> kernel_has_no_signal{true};

/// For kernels without RWF_NOSIGNAL. SIGPIPE of a write goes to the writing thread, so that thread can hold it back and take it out.
/// One that was pending before is left there: the two are one to the kernel.
ssize_t write_holding_sigpipe_back(int fd, char const* byte) noexcept {
    sigset_t pipe_signal, old, pending;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigpending(&pending);
    bool const was_pending = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &old);
    auto const put = retry([&] { return ::write(fd, byte, 1); });
    int const why = errno;
    if (put < 0 && why == EPIPE && !was_pending) {
        timespec const now{};
        retry([&] { return sigtimedwait(&pipe_signal, nullptr, &now); });
    }
    pthread_sigmask(SIG_SETMASK, &old, nullptr);
    errno = why;
    return put;
}

ssize_t write_without_signal(int fd) noexcept {
    static constexpr char kByte = '!';
    if (kernel_has_no_signal.load(std::memory_order_relaxed)) {
        iovec const bytes{const_cast<char*>(&kByte), 1};
        auto const put = retry([&] { return ::pwritev2(fd, &bytes, 1, -1, kNoSignal); });
        if (put >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL)) return put;
        kernel_has_no_signal.store(false, std::memory_order_relaxed);
    }
    return write_holding_sigpipe_back(fd, &kByte);
}

Result<FileDescriptor> open_fifo(std::string const& path, int flags) {
    auto file = open_file(path, flags | O_NONBLOCK);
    if (!file) return file;
    struct stat what {};
    if (::fstat(file->fd(), &what) < 0) return call_failed(errno, "fstat", path);
    if (!S_ISFIFO(what.st_mode))
        return Error(Errc::invalid, path + " is not a FIFO", "something else was put in its place: look at it and remove it");
    return file;
}

}  // namespace

Result<void> create_fifo(std::string const& path, mode_t mode) {
    // No more than the owner's rights until the mode is exact.
    if (::mkfifo(path.c_str(), mode & 0700) < 0) return call_failed(errno, "mkfifo", path + ", " + octal(mode));
    auto const set = set_mode(path, mode);
    if (!set) ::unlink(path.c_str());
    return set;
}

Result<void> grant(std::string const& path, uid_t uid, FifoRights rights) {
    struct stat file {};
    if (::lstat(path.c_str(), &file) < 0) return call_failed(errno, "lstat", path);
    if (!S_ISFIFO(file.st_mode)) return Error(Errc::invalid, path + " is not a FIFO");
    unsigned const mode = file.st_mode;
    unsigned const wanted = static_cast<unsigned>(rights);
    Acl const acl{htole32(kAclVersion),
                  {entry(kUserObject, mode >> 6), entry(kUser, wanted, uid), entry(kGroupObject, mode >> 3),
                   entry(kMask, wanted | ((mode >> 3) & 7)), entry(kOther, mode)}};
    if (::lsetxattr(path.c_str(), "system.posix_acl_access", &acl, sizeof acl, 0) == 0) return {};
    int const why = errno;
    auto const arguments = path + ", system.posix_acl_access, user:" + std::to_string(uid);
    if (why != EOPNOTSUPP) return call_failed(why, "setxattr", arguments);
    return Error(Errc::invalid, "setxattr(" + arguments + ") failed: the file system has no access lists",
                 "put the runtime folder on tmpfs, ext4, xfs or btrfs (mounted with acl), or run the broker as the same uid", why);
}

Result<FifoReader> FifoReader::open(std::string const& path) {
    auto file = open_fifo(path, O_RDWR);
    if (!file) return file.error();
    return FifoReader(ProcessDescriptor(std::move(*file)));
}

Result<bool> FifoReader::drain() const {
    std::array<std::byte, 4096> bytes;
    bool rung = false;
    // Sixteen times is a full pipe: a flood of rings must not keep us here.
    for (int round = 0; round < 16; ++round) {
        auto const got = read_some(fd(), bytes);
        if (!got && got.error() == Errc::would_block) break;
        if (!got) return got.error();
        rung = rung || *got > 0;
        if (*got < bytes.size()) break;
    }
    return rung;
}

Result<FifoWriter> FifoWriter::open(std::string const& path) {
    auto file = open_fifo(path, O_WRONLY);
    if (!file && file.error().detail() == ENXIO) return Error(Errc::closed, path + ": nobody has its read end open", {}, ENXIO);
    if (!file) return file.error();
    return FifoWriter(ProcessDescriptor(std::move(*file)));
}

Result<void> FifoWriter::ring() const {
    if (write_without_signal(fd()) >= 0 || errno == EAGAIN) return {};
    if (errno == EPIPE) return Errc::closed;
    return call_failed(errno, "write", "FIFO, descriptor " + std::to_string(fd()));
}

Result<bool> FifoWriter::has_reader() const {
    pollfd state{fd(), 0, 0};
    if (retry([&] { return ::poll(&state, 1, 0); }) < 0) return call_failed(errno, "poll", "descriptor " + std::to_string(fd()));
    return (state.revents & (POLLERR | POLLNVAL)) == 0;
}

}  // namespace bus::sys

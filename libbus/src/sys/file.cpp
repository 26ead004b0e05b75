// Descriptors and whole files.
#include "sys/file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "sys/syscall.hpp"

namespace bus::sys {

namespace {

std::string of_bytes(int fd, std::size_t bytes) { return "descriptor " + std::to_string(fd) + ", " + std::to_string(bytes) + " bytes"; }

}  // namespace

void FileDescriptor::reset(int fd) noexcept {
    if (fd_ >= 0) ::close(fd_);  // never again after EINTR: Linux has closed it by then
    fd_ = fd;
}

Result<FileDescriptor> open_file(std::string const& path, int flags, mode_t mode, int directory) {
    int const fd = retry([&] { return ::openat(directory, path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode); });
    if (fd >= 0) return FileDescriptor(fd);
    int const why = errno;
    if (why == ELOOP) return Error(Errc::invalid, path + " is a symbolic link, which is not followed here", "remove the link", why);
    return call_failed(why, "open", path);
}

Result<Pipe> make_pipe() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) < 0) return call_failed(errno, "pipe2", "O_CLOEXEC");
    return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Result<std::string> read_file(std::string const& path, std::size_t limit_bytes) {
    FileDescriptor const file(retry([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
    if (!file) return call_failed(errno, "open", path);
    std::string content;
    for (;;) {
        std::size_t const old_size = content.size();
        std::size_t const step = std::max<std::size_t>(4096, old_size);  // files of /proc don't tell their size
        content.resize(old_size + step);
        auto const got = read_some(file.fd(), std::as_writable_bytes(std::span(content).subspan(old_size)));
        if (!got) return Error(got.error().code(), path + ": " + got.error().what(), got.error().hint(), got.error().detail());
        content.resize(old_size + *got);
        if (content.size() > limit_bytes) {
            return Error(Errc::too_large, path + " has more than " + std::to_string(limit_bytes) + " bytes", "is it the right file?");
        }
        if (*got == 0) return content;
    }
}

Result<std::size_t> read_at(int fd, std::span<std::byte> into, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < into.size()) {
        auto const got = retry([&] { return ::pread(fd, into.data() + done, into.size() - done, static_cast<off_t>(offset + done)); });
        if (got < 0) return call_failed(errno, "pread", of_bytes(fd, into.size()) + " at " + std::to_string(offset));
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

Result<void> write_at(int fd, std::span<std::byte const> bytes, std::uint64_t offset) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        auto const put = retry([&] { return ::pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done)); });
        if (put < 0) return call_failed(errno, "pwrite", of_bytes(fd, bytes.size()) + " at " + std::to_string(offset));
        done += static_cast<std::size_t>(put);
    }
    return {};
}

Result<void> write_all(int fd, std::span<std::byte const> bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        auto const put = retry([&] { return ::write(fd, bytes.data() + done, bytes.size() - done); });
        if (put < 0) return call_failed(errno, "write", of_bytes(fd, bytes.size()));
        done += static_cast<std::size_t>(put);
    }
    return {};
}

Result<std::size_t> read_some(int fd, std::span<std::byte> into) {
    auto const got = retry([&] { return ::read(fd, into.data(), into.size()); });
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN) return Errc::would_block;
    return call_failed(errno, "read", of_bytes(fd, into.size()));
}

Result<void> truncate_file(int fd, std::uint64_t size_bytes) {
    if (retry([&] { return ::ftruncate(fd, static_cast<off_t>(size_bytes)); }) < 0) {
        return call_failed(errno, "ftruncate", "descriptor " + std::to_string(fd) + ", " + std::to_string(size_bytes) + " bytes");
    }
    return {};
}

Result<void> replace_file(std::string const& path, std::span<std::byte const> content, mode_t mode) {
    auto const fresh = path + ".new";
    ::unlink(fresh.c_str());  // what a crash left here
    auto file = open_file(fresh, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (!file) return file.error();
    auto const written = [&]() -> Result<void> {
        if (auto const done = write_all(file->fd(), content); !done) return done.error();
        if (::fchmod(file->fd(), mode) < 0) return call_failed(errno, "fchmod", fresh + ", " + octal(mode));
        if (::rename(fresh.c_str(), path.c_str()) < 0) return call_failed(errno, "rename", fresh + ", " + path);
        return {};
    }();
    if (!written) {
        ::unlink(fresh.c_str());
        return Error(written.error().code(), path + ": " + written.error().what(), written.error().hint(), written.error().detail());
    }
    return {};
}

Result<bool> remove_file(std::string const& path) {
    if (::unlink(path.c_str()) == 0) return true;
    if (errno == ENOENT) return false;
    return call_failed(errno, "unlink", path);
}

Result<void> set_mode(std::string const& path, mode_t mode, int directory) {
    if (::fchmodat(directory, path.c_str(), mode, AT_SYMLINK_NOFOLLOW) < 0)
        return call_failed(errno, "fchmodat", path + ", " + octal(mode));
    return {};
}

}  // namespace bus::sys

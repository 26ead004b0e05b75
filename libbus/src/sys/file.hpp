// Descriptors and whole files.
#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <bus/error.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace bus::sys {

/// Owns a descriptor; -1 is none.
class FileDescriptor {
public:
    FileDescriptor() noexcept = default;
    explicit FileDescriptor(int fd) noexcept : fd_(fd) {}
    FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        if (this != &other) reset(std::exchange(other.fd_, -1));
        return *this;
    }
    FileDescriptor(FileDescriptor const&) = delete;
    FileDescriptor& operator=(FileDescriptor const&) = delete;
    ~FileDescriptor() { reset(); }

    int fd() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }
    int release() noexcept { return std::exchange(fd_, -1); }
    void reset(int fd = -1) noexcept;

private:
    int fd_ = -1;
};

/// open() with O_CLOEXEC and O_NOFOLLOW added; relative paths start at `directory`.
/// Errors: not_found, not_permitted, conflict (O_EXCL), invalid (the last part is a link), limit (descriptors), io.
Result<FileDescriptor> open_file(std::string const& path, int flags, mode_t mode = 0, int directory = AT_FDCWD);

/// A pipe, both ends O_CLOEXEC.
struct Pipe {
    FileDescriptor read_end, write_end;
};
Result<Pipe> make_pipe();

/// The whole of a file, also of one in /proc. Follows links. Errors: as open_file; too_large: more than `limit_bytes`.
Result<std::string> read_file(std::string const& path, std::size_t limit_bytes = std::size_t{16} << 20);

/// All bytes at `offset`, short reads made whole. Returns: the number of bytes, fewer than asked for only at the end of the file.
Result<std::size_t> read_at(int fd, std::span<std::byte> into, std::uint64_t offset);
/// All bytes at `offset`, short writes made whole. Errors: limit (disk full, quota), io; part of it may have been written.
Result<void> write_at(int fd, std::span<std::byte const> bytes, std::uint64_t offset);
/// All bytes at the present position, for pipes and files opened with O_APPEND.
Result<void> write_all(int fd, std::span<std::byte const> bytes);
/// At most so many bytes from the present position. Returns: 0 at the end. Errors: would_block, io.
Result<std::size_t> read_some(int fd, std::span<std::byte> into);
Result<void> truncate_file(int fd, std::uint64_t size_bytes);

/// Replaces the file at `path` by one with `content` and exactly `mode`: readers see the old or the new one, wherever we die.
/// Not synced: what a runtime folder says holds for this boot only, and a busy disk would hold everybody up for seconds. After the
/// machine's death it may be the old one, the new one, or empty. Writes `path`.new beside it and renames.
Result<void> replace_file(std::string const& path, std::span<std::byte const> content, mode_t mode);

/// Removes a name. Returns: whether there was one.
Result<bool> remove_file(std::string const& path);

/// Sets the mode exactly, whatever the umask; follows no link.
Result<void> set_mode(std::string const& path, mode_t mode, int directory = AT_FDCWD);

}  // namespace bus::sys

// Folders others may try to trick us with: runtime folders are made and opened part by part, without following a link, and owner and
// mode are those of the folder we hold open, not of whatever the name means a moment later.
#pragma once

#include <bus/error.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sys/file.hpp"

namespace bus::sys {

class Directory {
public:
    /// Opens an existing folder. Links are followed: for places the system or the caller chose.
    static Result<Directory> open(std::string path);
    /// The same, but invalid where the last part of `path` is a link.
    static Result<Directory> open_no_link(std::string path);

    /// Opens a folder in this one. Errors: not_found; invalid: a link, or no folder.
    Result<Directory> open_child(std::string_view name) const;
    /// The same, made with exactly `mode` where it was missing; an existing one is left as it is: check() it.
    Result<Directory> make_child(std::string_view name, mode_t mode) const;

    /// Whether `uid` owns it and nobody else may write: else not_permitted, which names path, owner and mode, and how to mend it.
    Result<void> check_private(uid_t uid) const;

    uid_t owner_uid() const noexcept { return owner_uid_; }
    mode_t mode() const noexcept { return mode_; }  // the nine permission bits, as of when it was opened
    std::string const& path() const noexcept { return path_; }
    std::string path_of(std::string_view name) const;
    int fd() const noexcept { return descriptor_.fd(); }

    /// The names in it but `.` and `..`, sorted.
    Result<std::vector<std::string>> list() const;
    /// Removes a file, FIFO or link; with remove_child_directory: an empty folder. Returns: whether there was one.
    Result<bool> remove_child(std::string_view name) const;
    Result<bool> remove_child_directory(std::string_view name) const;

private:
    Directory(FileDescriptor descriptor, std::string path) : descriptor_(std::move(descriptor)), path_(std::move(path)) {}
    static Result<Directory> adopt(FileDescriptor descriptor, std::string path);

    FileDescriptor descriptor_;
    std::string path_;
    uid_t owner_uid_ = 0;
    mode_t mode_ = 0;
};

}  // namespace bus::sys

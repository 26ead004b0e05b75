// Folders opened part by part.
#include "sys/directory.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "sys/syscall.hpp"

namespace bus::sys {

namespace {

Result<void> check_name(std::string_view name) {
    if (!name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos) return {};
    return Error(Errc::invalid, "'" + std::string(name) + "' is no name of a file in a folder");
}

Error open_error(int why, std::string const& path) {
    // With O_DIRECTORY the kernel says ENOTDIR of a link too, and ELOOP of none.
    struct stat entry {};
    if ((why == ENOTDIR || why == ELOOP) && ::lstat(path.c_str(), &entry) == 0 && S_ISLNK(entry.st_mode)) {
        return {Errc::invalid, path + " is a symbolic link, which is not followed here", "remove the link", why};
    }
    if (why == ENOTDIR) return {Errc::invalid, path + " is not a folder", "remove it, or choose another place", why};
    return call_failed(why, "open", path);
}

}  // namespace

Result<Directory> Directory::adopt(FileDescriptor descriptor, std::string path) {
    Directory directory(std::move(descriptor), std::move(path));
    struct stat entry {};
    if (::fstat(directory.fd(), &entry) < 0) return call_failed(errno, "fstat", directory.path_);
    directory.owner_uid_ = entry.st_uid;
    directory.mode_ = entry.st_mode & 0777;
    return directory;
}

Result<Directory> Directory::open(std::string path) {
    FileDescriptor descriptor(retry([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (!descriptor) return open_error(errno, path);
    return adopt(std::move(descriptor), std::move(path));
}

Result<Directory> Directory::open_no_link(std::string path) {
    FileDescriptor descriptor(retry([&] { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }));
    if (!descriptor) return open_error(errno, path);
    return adopt(std::move(descriptor), std::move(path));
}

std::string Directory::path_of(std::string_view name) const { return path_ + (path_.ends_with('/') ? "" : "/") + std::string(name); }

Result<Directory> Directory::open_child(std::string_view name) const {
    if (auto const good = check_name(name); !good) return good.error();
    std::string const text(name);
    FileDescriptor child(retry([&] { return ::openat(fd(), text.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }));
    if (!child) return open_error(errno, path_of(name));
    return adopt(std::move(child), path_of(name));
}

Result<Directory> Directory::make_child(std::string_view name, mode_t mode) const {
    if (auto const good = check_name(name); !good) return good.error();
    bool const made = ::mkdirat(fd(), std::string(name).c_str(), mode) == 0;
    if (!made && errno != EEXIST) return call_failed(errno, "mkdir", path_of(name) + ", " + octal(mode));
    auto child = open_child(name);
    if (!child || !made) return child;
    // Whoever may swap the new folder for another before we open it owns this one, and needs no such trick.
    if (::fchmod(child->fd(), mode) < 0) return call_failed(errno, "fchmod", child->path_ + ", " + octal(mode));
    child->mode_ = mode;
    return child;
}

Result<void> Directory::check_private(uid_t uid) const {
    if (owner_uid_ != uid) {
        return Error(Errc::not_permitted, path_ + " belongs to uid " + std::to_string(owner_uid_) + ", not to uid " + std::to_string(uid),
                     "remove it, or choose another folder with BUS_RUNTIME_DIR");
    }
    if ((mode_ & 0022) != 0) {
        return Error(Errc::not_permitted, path_ + " has mode " + octal(mode_) + ": others could put files there", "chmod go-w " + path_);
    }
    return {};
}

Result<std::vector<std::string>> Directory::list() const {
    // A descriptor of its own: the position in the folder belongs to it.
    int const copy = ::openat(fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return call_failed(errno, "open", path_);
    std::unique_ptr<DIR, int (*)(DIR*)> const stream(::fdopendir(copy), &::closedir);
    if (stream == nullptr) {
        int const why = errno;
        ::close(copy);
        return call_failed(why, "fdopendir", path_);
    }
    std::vector<std::string> names;
    errno = 0;
    while (dirent const* const entry = ::readdir(stream.get())) {
        std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(std::move(name));
        errno = 0;
    }
    if (errno != 0) return call_failed(errno, "readdir", path_);
    std::sort(names.begin(), names.end());
    return names;
}

Result<bool> Directory::remove_child(std::string_view name) const {
    if (::unlinkat(fd(), std::string(name).c_str(), 0) == 0) return true;
    if (errno == ENOENT) return false;
    return call_failed(errno, "unlink", path_of(name));
}

Result<bool> Directory::remove_child_directory(std::string_view name) const {
    if (::unlinkat(fd(), std::string(name).c_str(), AT_REMOVEDIR) == 0) return true;
    if (errno == ENOENT) return false;
    return call_failed(errno, "rmdir", path_of(name));
}

}  // namespace bus::sys

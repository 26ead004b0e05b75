// Runtime folders: where they are, and whether to trust one.
#include "client/runtime_folder.hpp"

#include <sys/stat.h>

#include <bus/name.hpp>
#include <cstdlib>

#include "client/client_name.hpp"
#include "sys/process.hpp"
#include "sys/syscall.hpp"

namespace bus::client {

namespace {

constexpr std::string_view kSystemFolder = "/run/bus";

// Ignored where the program runs with more rights than its user.
std::string environment(char const* name) {
    char const* const value = ::secure_getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

std::string temporary_folder() { return "/tmp/bus-" + std::to_string(sys::effective_uid()); }

// The D-Bus of a session has its socket at that very place. Then all is as without the variable.
bool is_socket(std::string const& path) {
    struct stat entry {};
    return ::lstat(path.c_str(), &entry) == 0 && S_ISSOCK(entry.st_mode);
}

std::string own_folder() {
    auto const runtime = environment("XDG_RUNTIME_DIR");
    if (runtime.starts_with('/') && !is_socket(runtime + "/bus")) return runtime + "/bus";
    return temporary_folder();
}

struct Split {
    std::string parent, name;
};
Split split(std::string const& path) {
    auto const slash = path.rfind('/');
    return {path.substr(0, slash == 0 ? 1 : slash), path.substr(slash + 1)};
}

Error not_ours(sys::Directory const& folder, std::string const& whose) {
    return Error(Errc::not_permitted,
                 "runtime folder " + folder.path() + " belongs to uid " + std::to_string(folder.owner_uid()) + " (mode " +
                     sys::octal(folder.mode()) + "), not to " + whose + ": a broker there is not to be trusted",
                 "look who made it: ls -ld " + folder.path());
}

// The folder that holds those of the single buses.
Result<sys::Directory> open_parent(std::string const& path, bool make) {
    // That one in any case: a socket may have come or gone since the path was made.
    bool const own = path == own_folder() || path == temporary_folder();
    if (!own && !make) return sys::Directory::open(path);
    auto const [above, name] = split(path);
    auto outer = sys::Directory::open(above);
    if (!outer) return outer.error();
    auto folder = make ? outer->make_child(name, 0755) : outer->open_child(name);
    if (!folder) return folder.error();
    auto const uid = sys::effective_uid();
    if (own && folder->owner_uid() != uid) return not_ours(*folder, "us (uid " + std::to_string(uid) + ")");
    if (own)
        if (auto checked = folder->check_private(uid); !checked) return checked.error();
    return folder;
}

Result<sys::Directory> checked(Result<sys::Directory> folder, sys::Directory const& parent) {
    if (!folder) return folder;
    auto const owner = folder->owner_uid();
    if (owner != 0 && owner != sys::effective_uid() && owner != parent.owner_uid())
        return not_ours(*folder, "root, us, or the owner of " + parent.path());
    if (auto verdict = folder->check_private(owner); !verdict) return verdict.error();
    return folder;
}

// A user's busd serves in /run/bus if that is its own: the service manager made it for the system user.
std::string serving_parent(ConnectionOptions const& options) {
    if (!options.runtime_dir.empty()) return options.runtime_dir;
    auto const uid = sys::effective_uid();
    if (uid == 0) return std::string(kSystemFolder);
    auto const system = sys::Directory::open(std::string(kSystemFolder));
    return system && system->owner_uid() == uid ? std::string(kSystemFolder) : own_folder();
}

}  // namespace

Result<ConnectionOptions> resolve(ConnectionOptions options) {
    if (options.bus.empty()) options.bus = environment("BUS_NAME");
    if (options.bus.empty()) options.bus = "default";
    if (auto verdict = check_bus_name(options.bus); !verdict) return verdict.error();
    if (options.runtime_dir.empty()) options.runtime_dir = environment("BUS_RUNTIME_DIR");
    if (!options.runtime_dir.empty() && !options.runtime_dir.starts_with('/'))
        return Error(Errc::invalid, "runtime folder '" + options.runtime_dir + "' is no absolute path",
                     "ConnectionOptions::runtime_dir and $BUS_RUNTIME_DIR begin with '/'");
    while (options.runtime_dir.size() > 1 && options.runtime_dir.ends_with('/')) options.runtime_dir.pop_back();
    auto name = client_name(options.name);
    if (!name) return name.error();
    options.name = std::move(*name);
    return options;
}

std::vector<std::string> runtime_places(ConnectionOptions const& options) {
    if (!options.runtime_dir.empty()) return {options.runtime_dir + "/" + options.bus};
    std::string const system = std::string(kSystemFolder) + "/" + options.bus;
    if (sys::effective_uid() == 0) return {system};
    return {own_folder() + "/" + options.bus, system};
}

Result<sys::Directory> open_runtime_folder(std::string const& path) {
    auto const [above, name] = split(path);
    auto parent = open_parent(above, false);
    if (!parent) return parent.error();
    return checked(parent->open_child(name), *parent);
}

Result<sys::Directory> make_runtime_folder(ConnectionOptions const& options) {
    auto parent = open_parent(serving_parent(options), true);
    if (!parent) return parent.error();
    return checked(parent->make_child(options.bus, 0755), *parent);
}

}  // namespace bus::client

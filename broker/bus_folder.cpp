// Taking the runtime folder.
#include "bus_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "client/runtime_folder.hpp"
#include "registry.hpp"
#include "sys/process.hpp"
#include "sys/syscall.hpp"

namespace bus::broker {
namespace {

constexpr char const* kKnock = "knock";
constexpr char const* kReady = "ready";
constexpr char const* kLock = "lock";
constexpr char const* kFifos = "fifo";

// The one an earlier busd made is kept: clients have it open.
Result<void> ensure_knock(sys::Directory const& folder) {
    auto const path = folder.path_of(kKnock);
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0) {
        if (S_ISFIFO(info.st_mode) && info.st_uid == sys::effective_uid() && (info.st_mode & 0777) == 0622) return {};
        if (auto removed = folder.remove_child(kKnock); !removed) return removed.error();
    }
    return sys::create_fifo(path, 0622);
}

// A busd that ends removes the file it has locked. Who opened it before and got the lock after holds a lock on nothing: he tries again.
Result<sys::RecordLock> take_lock(sys::Directory const& folder, std::string const& bus) {
    auto const path = folder.path_of(kLock);
    for (int attempt = 0; attempt < 100; ++attempt) {
        auto lock = sys::RecordLock::try_lock(path);
        if (!lock && lock.error() == Errc::conflict) {
            return Error(Errc::conflict, "bus " + bus + " has a busd already: " + lock.error().what(),
                         "busd --stop ends it; another --bus NAME runs beside it");
        }
        if (!lock) return lock.error();
        auto const holder = sys::lock_holder(path);
        if (holder && *holder && **holder == ::getpid()) return lock;
    }
    return Error(Errc::conflict, path + " is taken away again and again", "ls -l " + folder.path());
}

}  // namespace

Result<BusFolder> take_folder(std::string const& bus) {
    ConnectionOptions wanted;
    wanted.bus = bus;
    auto const resolved = client::resolve(std::move(wanted));
    if (!resolved) return resolved.error();
    auto folder = client::make_runtime_folder(*resolved);
    if (!folder) return folder.error();
    if (auto ours = folder->check_private(sys::effective_uid()); !ours) return ours.error();
    auto lock = take_lock(*folder, resolved->bus);
    if (!lock) return lock.error();
    auto fifos = folder->make_child(kFifos, 0755);
    if (!fifos) return fifos.error();
    if (auto ours = fifos->check_private(sys::effective_uid()); !ours) return ours.error();
    if (auto made = ensure_knock(*folder); !made) return made.error();
    auto knock = sys::FifoReader::open(folder->path_of(kKnock));
    if (!knock) return knock.error();
    auto writer = sys::FifoWriter::open(folder->path_of(kKnock));
    if (!writer) return writer.error();
    return BusFolder{resolved->bus, std::move(*folder), std::move(*fifos), std::move(*lock), std::move(*knock), std::move(*writer)};
}

Result<void> say_ready(sys::Directory const& folder) {
    auto const file = sys::open_file(folder.path_of(kReady), O_WRONLY | O_CREAT, 0644);
    if (!file) return file.error();
    return {};
}

void unsay_ready(sys::Directory const& folder) { (void)folder.remove_child(kReady); }

void clear_folder(BusFolder const& folder, Objects objects) {
    auto const fifos = folder.fifos.list();
    if (fifos) {
        for (auto const& name : *fifos) (void)folder.fifos.remove_child(name);
    }
    (void)folder.folder.remove_child_directory(kFifos);
    for (auto const* const name : {kReady, kKnock, kLock}) (void)folder.folder.remove_child(name);
    if (objects == Objects::gone) (void)folder.folder.remove_child(Registry::kFile);
}

}  // namespace bus::broker

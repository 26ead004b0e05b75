// What the kernel keeps about each SysV object, whatever its kind.
#pragma once

#include <sys/ipc.h>
#include <sys/types.h>

#include <cstdint>

namespace bus::sys {

/// Readable for everybody, whatever the object's mode. The creator is set by the kernel and never changes.
struct Permissions {
    key_t key = 0;
    uid_t owner_uid = 0;
    gid_t owner_gid = 0;
    uid_t creator_uid = 0;
    gid_t creator_gid = 0;
    mode_t mode = 0;  // the nine permission bits
};

inline Permissions permissions_of(ipc_perm const& from) noexcept {
    return {from.__key, from.uid, from.gid, from.cuid, from.cgid, static_cast<mode_t>(from.mode & 0777)};
}

/// What IPC_SET changes, always all three. Only owner and creator may.
struct Ownership {
    uid_t uid = 0;
    gid_t gid = 0;
    mode_t mode = 0600;
};

inline void apply(Ownership const& to, ipc_perm& perm) noexcept {
    perm.uid = to.uid;
    perm.gid = to.gid;
    perm.mode = static_cast<decltype(perm.mode)>(to.mode & 0777);
}

}  // namespace bus::sys

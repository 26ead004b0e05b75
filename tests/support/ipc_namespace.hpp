// Each test program runs in an IPC namespace of its own, and no test case may leave a kernel object in it.
//
// The main() of the test support enters the namespace once, before any test, as root directly, else inside a user namespace. A listener
// looks after every test case whether the namespace is empty; what is left fails that test by name, and is removed for the next one.
// When the program ends the kernel removes the namespace with all that is in it, so the host's `ipcs` never changes.
// Where neither way is allowed (some containers) tests run in the namespace there is, and say so: nothing is checked then.
#pragma once

#include <string>
#include <vector>

namespace bus::test {

struct IpcObject {
    enum class Kind { queue, segment, set } kind;
    int id = 0;
    long key = 0;
    unsigned owner_uid = 0;
    unsigned creator_uid = 0;
    unsigned mode = 0;

    std::string text() const;
    friend bool operator==(IpcObject const&, IpcObject const&) = default;
};

/// Everything in the IPC namespace of this process, as /proc/sysvipc has it: whatever the modes.
std::vector<IpcObject> ipc_objects();

/// Removes them all, as `ipcrm -a` does.
void remove_ipc_objects();

/// Moves this process into an IPC namespace of its own. Returns: why not; empty when it is done. Single-threaded programs only.
std::string enter_ipc_namespace();

/// Whether enter_ipc_namespace() worked: limits of the kernel may be changed, and all objects are ours.
bool in_own_ipc_namespace();

/// Adds the check after every test case.
void install_leak_check();

/// Changes a limit (`kernel.shmmni`) of this IPC namespace until destroyed. ok() is false where that isn't allowed.
class SysctlGuard {
public:
    SysctlGuard(std::string name, std::string const& value);
    ~SysctlGuard();
    SysctlGuard(SysctlGuard const&) = delete;
    SysctlGuard& operator=(SysctlGuard const&) = delete;
    bool ok() const { return ok_; }

private:
    std::string path_, old_;
    bool ok_ = false;
};

}  // namespace bus::test

#define BUS_REQUIRE_OWN_IPC_NAMESPACE() \
    if (!::bus::test::in_own_ipc_namespace()) GTEST_SKIP() << "needs an IPC namespace of its own, which isn't allowed here"

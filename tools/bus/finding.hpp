// What `bus doctor` found: one line each.
#pragma once

#include <string>
#include <vector>

namespace bus::tool {

struct Finding {
    enum class Grade { good, note, mend } grade;  // only `mend` makes the exit status 1
    std::string check;                            // "limits", "logind", "namespace", "descriptors", "bus"
    std::string what;
    std::string hint = {};
};
using Findings = std::vector<Finding>;

/// doctor_limits.cpp: System V limits of the kernel, and how much of them is used.
void check_limits(Findings& findings);
/// doctor_host.cpp: RemoveIPC of the login manager, the IPC namespace, descriptors.
void check_host(Findings& findings);

}  // namespace bus::tool

// What the host does to System V objects behind one's back: the login manager's RemoveIPC, IPC namespaces.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "finding.hpp"

namespace bus::tool {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kFirstUser = 1000;  // logind spares system users; Debian's begin here
constexpr rlim_t kFewDescriptors = 256;

std::string link_target(std::string const& path) {
    std::error_code ignored;
    return fs::read_symlink(path, ignored).string();
}

/// The last word of one file of configuration on RemoveIPC; nothing where it has none.
std::optional<bool> remove_ipc_in(fs::path const& path) {
    std::ifstream file(path);
    std::optional<bool> found;
    for (std::string line; std::getline(file, line);) {
        line.erase(std::remove_if(line.begin(), line.end(), [](unsigned char c) { return std::isspace(c) != 0; }), line.end());
        if (!line.starts_with("RemoveIPC=")) continue;
        auto value = line.substr(10);
        std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) { return std::tolower(c); });
        found = value != "no" && value != "false" && value != "0" && value != "off" && value != "n" && value != "f";
    }
    return found;
}

/// Main file first, then the drop-ins in the order of their names, whatever folder they are in: the last one counts.
bool remove_ipc() {
    constexpr std::array kFolders{"/etc/systemd", "/run/systemd", "/usr/lib/systemd", "/lib/systemd"};
    bool removes = true;  // logind's default
    std::vector<fs::path> drop_ins;
    for (auto const* folder : kFolders) {
        std::error_code ignored;
        for (auto const& entry : fs::directory_iterator(std::string(folder) + "/logind.conf.d", ignored)) {
            if (entry.path().extension() == ".conf") drop_ins.push_back(entry.path());
        }
    }
    std::stable_sort(drop_ins.begin(), drop_ins.end(), [](auto const& a, auto const& b) { return a.filename() < b.filename(); });
    drop_ins.insert(drop_ins.begin(), "/etc/systemd/logind.conf");
    for (auto const& path : drop_ins) removes = remove_ipc_in(path).value_or(removes);
    return removes;
}

void check_logind(Findings& findings) {
    std::error_code ignored;
    if (!fs::exists("/run/systemd/system", ignored) || !fs::exists("/run/systemd/seats", ignored)) {
        findings.push_back({Finding::Grade::good, "logind", "no login manager runs here"});
        return;
    }
    if (!remove_ipc()) {
        findings.push_back({Finding::Grade::good, "logind", "RemoveIPC=no: the login manager leaves System V objects alone"});
        return;
    }
    auto const grade = ::geteuid() >= kFirstUser ? Finding::Grade::mend : Finding::Grade::note;
    findings.push_back({grade, "logind",
                        "RemoveIPC=yes: when a user logs out, the login manager removes that user's System V objects, the bus's too",
                        "set RemoveIPC=no in /etc/systemd/logind.conf, or run busd and its clients as a system user"});
}

void check_namespace(Findings& findings) {
    auto const ours = link_target("/proc/self/ns/ipc");
    auto const hosts = link_target("/proc/1/ns/ipc");  // readable by root alone
    if (ours.empty()) return;
    if (hosts.empty() || ours == hosts) {
        findings.push_back({Finding::Grade::good, "namespace", "IPC namespace " + ours});
        return;
    }
    findings.push_back({Finding::Grade::note, "namespace",
                        "this is IPC namespace " + ours + ", process 1 lives in " + hosts + ": buses there can't be seen from here",
                        "share the namespace and the runtime folder, or connect the two with bus-bridge"});
}

void check_descriptors(Findings& findings) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    auto const what = std::to_string(limit.rlim_cur) + " descriptors a process are allowed";
    if (limit.rlim_cur >= kFewDescriptors) {
        findings.push_back({Finding::Grade::good, "descriptors", what});
    } else {
        findings.push_back({Finding::Grade::mend, "descriptors", what + ": busd needs one a client", "ulimit -n 4096"});
    }
}

}  // namespace

void check_host(Findings& findings) {
    check_logind(findings);
    check_namespace(findings);
    check_descriptors(findings);
}

}  // namespace bus::tool

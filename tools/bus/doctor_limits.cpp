// The kernel's System V limits: what a bus needs at least, and what is left of them.
#include <array>
#include <fstream>
#include <optional>
#include <string>

#include "finding.hpp"

namespace bus::tool {
namespace {

using Number = unsigned long long;

std::optional<Number> nth_number(std::string const& path, int index) {
    std::ifstream file(path);
    Number number = 0;
    for (int i = 0; i <= index; ++i) {
        if (!(file >> number)) return std::nullopt;
    }
    return number;
}

/// Objects of one kind there are now, of everybody: the lines of /proc/sysvipc less the title.
std::optional<Number> objects_now(std::string const& kind) {
    std::ifstream file("/proc/sysvipc/" + kind);
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    Number count = 0;
    while (std::getline(file, line)) ++count;
    return count;
}

struct Least {
    char const* name;
    Number least;
    char const* why;
};
constexpr std::array kLeast{Least{"msgmax", 8192, "control messages are up to 8192 bytes"},
                            Least{"msgmnb", 16384, "a control queue holds 16384 bytes"}, Least{"shmmax", 4 << 20, "an arena is 4 MiB"}};

struct Count {
    char const* kind;
    char const* limit;  // file in /proc/sys/kernel
    int index;          // number in it
    char const* name;
    char const* raise;
};
constexpr std::array kCounts{Count{"shm", "shmmni", 0, "shared memory segments", "sysctl -w kernel.shmmni=16384"},
                             Count{"msg", "msgmni", 0, "message queues", "sysctl -w kernel.msgmni=32000"},
                             Count{"sem", "sem", 3, "semaphore sets", "sysctl -w kernel.sem='32000 1024000000 500 32000'"}};

void check_least(Findings& findings, Least const& limit) {
    auto const value = nth_number(std::string("/proc/sys/kernel/") + limit.name, 0);
    if (!value) return;
    auto const what = std::string("kernel.") + limit.name + " is " + std::to_string(*value);
    if (*value >= limit.least) {
        findings.push_back({Finding::Grade::good, "limits", what});
    } else {
        findings.push_back({Finding::Grade::mend, "limits", what + "; " + limit.why,
                            std::string("sysctl -w kernel.") + limit.name + "=" + std::to_string(limit.least)});
    }
}

void check_count(Findings& findings, Count const& count) {
    auto const limit = nth_number(std::string("/proc/sys/kernel/") + count.limit, count.index);
    auto const used = objects_now(count.kind);
    if (!limit || !used) return;
    auto const what = std::to_string(*used) + " of " + std::to_string(*limit) + " " + count.name + " are in use";
    bool const scarce = *limit < 64 || *used > *limit - *limit / 5;
    if (scarce) {
        findings.push_back({Finding::Grade::mend, "limits", what + ": busd will soon get no more", std::string("ipcs; ") + count.raise});
    } else {
        findings.push_back({Finding::Grade::good, "limits", what});
    }
}

}  // namespace

void check_limits(Findings& findings) {
    for (auto const& limit : kLeast) check_least(findings, limit);
    for (auto const& count : kCounts) check_count(findings, count);
}

}  // namespace bus::tool

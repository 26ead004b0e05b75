// Texts of failed system calls.
#include "sys/syscall.hpp"

#include <sys/resource.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "sys/file.hpp"

namespace bus::sys {

namespace {

// kernel.sem holds four numbers in one file; the other limits have a file each.
struct Limit {
    std::string_view call;
    int error_number;
    std::string_view name;  // as sysctl says it
    int field;              // of several numbers; -1: the only one
    std::string_view what;
};

constexpr std::array kLimits{
    Limit{"msgget", ENOSPC, "kernel.msgmni", -1, "message queues"},
    Limit{"msgsnd", EINVAL, "kernel.msgmax", -1, "bytes of one message"},
    Limit{"msgsnd", EAGAIN, "kernel.msgmnb", -1, "bytes in one queue"},
    Limit{"msgctl", EPERM, "kernel.msgmnb", -1, "bytes in one queue without CAP_SYS_RESOURCE"},
    Limit{"shmget", ENOSPC, "kernel.shmmni", -1, "shared memory segments"},
    Limit{"shmget", ENOSPC, "kernel.shmall", -1, "pages of shared memory in all"},
    Limit{"shmget", EINVAL, "kernel.shmmax", -1, "bytes of one segment"},
    Limit{"shmat", ENOMEM, "vm.max_map_count", -1, "mappings of one process"},
    Limit{"mmap", ENOMEM, "vm.max_map_count", -1, "mappings of one process"},
    Limit{"semget", ENOSPC, "kernel.sem", 3, "semaphore sets"},
    Limit{"semget", ENOSPC, "kernel.sem", 1, "semaphores in all"},
    Limit{"semget", EINVAL, "kernel.sem", 0, "semaphores in one set"},
    Limit{"semop", E2BIG, "kernel.sem", 2, "operations in one call"},
    Limit{"epoll_ctl", ENOSPC, "fs.epoll.max_user_watches", -1, "descriptors in all poll sets of one user"},
};

std::string path_of(std::string_view sysctl_name) {
    std::string path = "/proc/sys/";
    for (char const c : sysctl_name) path += c == '.' ? '/' : c;
    return path;
}

/// "a\tb\tc\n" with number `field` doubled, tabs made blanks.
std::string with_field_doubled(std::string_view numbers, int field, std::string_view& old_value, std::string& storage) {
    std::string result;
    int index = 0;
    while (!numbers.empty()) {
        auto const end = numbers.find_first_of(" \t\n");
        auto const number = numbers.substr(0, end);
        numbers.remove_prefix(end == std::string_view::npos ? numbers.size() : end + 1);
        if (number.empty()) continue;
        if (!result.empty()) result += ' ';
        if (index++ != std::max(field, 0)) {
            result += number;
            continue;
        }
        storage = number;
        old_value = storage;
        std::uint64_t value = 0;
        std::from_chars(number.data(), number.data() + number.size(), value);
        result += std::to_string(value > UINT64_MAX / 2 ? value : value * 2);
    }
    return result;
}

std::string describe(Limit const& limit) {
    auto const content = read_file(path_of(limit.name));
    if (!content) return std::string(limit.name) + " limits the " + std::string(limit.what);
    std::string storage;
    std::string_view old_value;
    auto const raised = with_field_doubled(*content, limit.field, old_value, storage);
    static constexpr std::array<std::string_view, 4> kOrdinals{"first", "second", "third", "fourth"};
    std::string text(limit.name);
    if (limit.field >= 0) text += " (" + std::string(kOrdinals.at(static_cast<std::size_t>(limit.field))) + " number)";
    text += " is " + std::string(old_value) + ", the " + std::string(limit.what) + "; to raise it: sysctl -w ";
    return text + std::string(limit.name) + (limit.field >= 0 ? "='" + raised + "'" : "=" + raised);
}

std::string describe_open_files() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return "this process may have " + std::to_string(limit.rlim_cur) + " descriptors (RLIMIT_NOFILE); to raise it: ulimit -n " +
           std::to_string(limit.rlim_cur * 2) + ", or LimitNOFILE= of its service";
}

// semtimedop fails as semop does.
std::string_view same_limits_as(std::string_view call) { return call == "semtimedop" ? "semop" : call; }

}  // namespace

Errc errc_of(int error_number) noexcept {
    switch (error_number) {
        case EACCES:
        case EPERM:
        case EROFS:
            return Errc::not_permitted;
        case ENOENT:
        case EIDRM:
        case ESRCH:
            return Errc::not_found;
        case EEXIST:
            return Errc::conflict;
        case ENOSPC:
        case ENOMEM:
        case EMFILE:
        case ENFILE:
        case EDQUOT:
        case ERANGE:
            return Errc::limit;
        case EAGAIN:
            return Errc::would_block;
        case ETIMEDOUT:
            return Errc::timeout;
        case EPIPE:
        case ENXIO:
            return Errc::closed;
        case E2BIG:
        case EFBIG:
        case EMSGSIZE:
            return Errc::too_large;
        case EINVAL:
        case ENAMETOOLONG:
        case ELOOP:
        case ENOTDIR:
        case EISDIR:
        case EOPNOTSUPP:
            return Errc::invalid;
        default:
            return Errc::io;
    }
}

std::string errno_name(int error_number) {
    char const* const name = ::strerrorname_np(error_number);
    return name != nullptr ? name : "errno " + std::to_string(error_number);
}

std::string limit_hint(std::string_view call, int error_number) {
    if (error_number == EMFILE) return describe_open_files();
    std::string hint;
    if (error_number == ENFILE) return describe({call, ENFILE, "fs.file-max", -1, "open files of the whole machine"});
    if (error_number == ERANGE && same_limits_as(call) == "semop") return "a semaphore counts to 32767, which is fixed in the kernel";
    for (auto const& limit : kLimits) {
        if (limit.call != same_limits_as(call) || limit.error_number != error_number) continue;
        hint += (hint.empty() ? "" : "; or ") + describe(limit);
    }
    if (hint.empty() && error_number == ENOMEM) return "the machine or the control group is out of memory; see `free -m`";
    if (hint.empty() && (error_number == ENOSPC || error_number == EDQUOT)) return "the disk or a quota is full; see `df`";
    return hint;
}

Error call_failed(Errc code, int error_number, std::string_view call, std::string_view arguments, std::string_view object) {
    std::string what;
    if (!object.empty()) what.append(object).append(": ");
    what.append(call).append("(").append(arguments).append(") failed: ").append(errno_name(error_number));
    if (char const* const text = ::strerrordesc_np(error_number)) what.append(", ").append(text);
    return {code, std::move(what), limit_hint(call, error_number), error_number};
}

Error call_failed(int error_number, std::string_view call, std::string_view arguments, std::string_view object) {
    return call_failed(errc_of(error_number), error_number, call, arguments, object);
}

std::string hex(std::uint32_t number) {
    std::array<char, 8> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    std::string const text(digits.data(), end);
    return "0x" + std::string(8 - text.size(), '0') + text;
}

std::string octal(unsigned mode) {
    std::array<char, 12> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), mode, 8).ptr;
    std::string const text(digits.data(), end);
    return text.size() < 4 ? std::string(4 - text.size(), '0') + text : text;
}

}  // namespace bus::sys

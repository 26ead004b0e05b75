// Roles by name, and the line protocol of a child.
#include "support/role.hpp"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <map>

namespace bus::test {

namespace {

std::map<std::string, RoleFunction>& roles() {
    static std::map<std::string, RoleFunction> roles;
    return roles;
}

}  // namespace

RoleRegistration::RoleRegistration(char const* name, RoleFunction function) { roles()[name] = function; }

void Role::say(std::string const& line) {
    auto const text = line + "\n";
    for (std::size_t done = 0; done < text.size();) {
        auto const put = ::write(out_, text.data() + done, text.size() - done);
        if (put < 0 && errno != EINTR) return;
        if (put > 0) done += static_cast<std::size_t>(put);
    }
}

std::optional<std::string> Role::hear() {
    for (;;) {
        if (auto const end = buffer_.find('\n'); end != std::string::npos) {
            auto line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return line;
        }
        std::array<char, 4096> bytes;
        auto const got = ::read(in_, bytes.data(), bytes.size());
        if (got == 0 || (got < 0 && errno != EINTR)) return std::nullopt;
        if (got > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(got));
    }
}

void Role::require(bool good, std::string const& why) const {
    if (good) return;
    std::fprintf(stderr, "role: %s\n", why.c_str());
    std::exit(2);
}

std::optional<int> run_as_role(int argc, char** argv) {
    if (argc < 5 || std::string(argv[1]) != "--role") return std::nullopt;
    auto const found = roles().find(argv[2]);
    if (found == roles().end()) {
        std::fprintf(stderr, "%s has no role %s\n", argv[0], argv[2]);
        return 126;
    }
    Role role(std::vector<std::string>(argv + 5, argv + argc), std::atoi(argv[3]), std::atoi(argv[4]));
    try {
        return found->second(role);
    } catch (std::exception const& problem) {
        std::fprintf(stderr, "role %s: %s\n", argv[2], problem.what());
        return 1;
    }
}

}  // namespace bus::test

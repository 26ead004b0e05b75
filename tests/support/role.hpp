// The child's side of a test with several processes. A test program registers roles by name; the test starts itself again as one of them
// (support/child.hpp) and talks to it line by line:
//
//   BUS_TEST_ROLE(holder) {                       TEST(Lock, IsGivenBackByADeath) {
//       auto lock = RecordLock::try_lock(             Child child = run_role("holder", {path});
//           role.args().at(0)).value();               ASSERT_TRUE(child.expect_line("ready"));
//       role.say("ready");                            child.kill(SIGKILL);
//       role.hear();                                  ...
//       return 0;
//   }                                             }
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace bus::test {

/// What a role function gets: its arguments, and the line to the test. Exceptions of a role are printed and end it with status 1.
class Role {
public:
    Role(std::vector<std::string> args, int in, int out) : args_(std::move(args)), in_(in), out_(out) {}

    std::vector<std::string> const& args() const { return args_; }
    /// args().at(index) as a number.
    long number(std::size_t index) const { return std::stol(args_.at(index)); }
    /// Sends a line. The test may be gone: then nothing happens.
    void say(std::string const& line);
    /// Waits for a line. Returns: none when the test has closed its side.
    std::optional<std::string> hear();
    /// Ends the role with status 2 and `why` on stderr unless `good`.
    void require(bool good, std::string const& why) const;

private:
    std::vector<std::string> args_;
    std::string buffer_;
    int in_, out_;
};

using RoleFunction = int (*)(Role& role);

struct RoleRegistration {
    RoleRegistration(char const* name, RoleFunction function);
};

/// For main(): runs a role if argv asks for one. Returns: its exit status.
std::optional<int> run_as_role(int argc, char** argv);

}  // namespace bus::test

#define BUS_TEST_ROLE(name)                                                                                     \
    static int bus_test_role_##name(::bus::test::Role& role);                                                   \
    static ::bus::test::RoleRegistration const bus_test_role_registration_##name{#name, &bus_test_role_##name}; \
    static int bus_test_role_##name([[maybe_unused]] ::bus::test::Role& role)

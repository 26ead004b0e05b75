// The test's side of a test with several processes: children by re-execution of the test program, by fork, and other programs.
//
// Every child dies when the thread that started it ends (PR_SET_PDEATHSIG), is killed and reaped by the destructor, and is waited for
// under a watchdog that fails the test. Children are in the IPC namespace of the test.
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/eventually.hpp"

namespace bus::test {

/// Plain uids that need no entry in /etc/passwd. Only root can start children as them: BUS_REQUIRE_ROOT() first.
inline constexpr uid_t kBrokerUid = 61'001;
inline constexpr uid_t kAliceUid = 61'002;
inline constexpr uid_t kBobUid = 61'003;

struct ChildOptions {
    std::optional<uid_t> uid = {};      // real, effective and saved
    std::optional<gid_t> gid = {};      // unset: the same number as the uid
    std::vector<gid_t> groups = {};     // supplementary ones, where uid is set
    std::vector<std::string> env = {};  // "NAME=value", added to ours; "NAME" alone is taken out
    std::string errors = {};            // start_program: the file that its stderr is added to; empty: ours
    bool traced = false;                // stops at its first instruction for support/stepper.hpp
    bool without_vdso = false;          // traced: its clocks are system calls, see support/stepper.hpp
};

struct ExitStatus {
    bool exited = false;  // else killed by `signal`
    int code = -1;
    int signal = 0;
    friend bool operator==(ExitStatus const& a, int code) { return a.exited && a.code == code; }
    std::string text() const;
};
std::ostream& operator<<(std::ostream& out, ExitStatus const& status);

class Child {
public:
    Child(pid_t pid, int in, int out);
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    Child(Child const&) = delete;
    ~Child();

    pid_t pid() const { return pid_; }
    /// Sends a line to role.hear(), or to the program's stdin.
    void send_line(std::string const& line);
    /// The next line from role.say(), or of the program's stdout. Returns: none at the end of it, or when the patience is at its end.
    std::optional<std::string> read_line(std::chrono::milliseconds longest = patience());
    /// Whether the next line is that one; fails the test and says what came instead.
    bool expect_line(std::string const& wanted);
    /// Whether the child has closed its side (by its death, mostly) without another line.
    bool expect_end();
    /// Closes our side: role.hear() returns none, a program's stdin ends.
    void close_input();
    void kill(int signal) const;
    /// Waits for the end; kills it, and fails the test, when the patience is at its end.
    ExitStatus wait();
    /// Somebody else (a tracer) has reaped it.
    void forget() { pid_ = 0; }

private:
    bool fill(std::chrono::milliseconds longest);
    pid_t pid_;
    int in_, out_;
    std::string buffer_;
    std::optional<ExitStatus> status_;
};

/// Starts this test program again as one of its roles (support/role.hpp).
Child run_role(std::string const& role, std::vector<std::string> const& args = {}, ChildOptions const& options = {});

/// Starts a program; the line protocol is its stdin and stdout, stderr is ours.
Child start_program(std::string const& path, std::vector<std::string> const& args = {}, ChildOptions const& options = {});

/// Runs a program to its end.
struct Output {
    ExitStatus status;
    std::string out, err;
};
Output run_program(std::string const& path, std::vector<std::string> const& args = {}, ChildOptions const& options = {},
                   std::string const& input = {});

/// Runs `function` in a forked child and returns how it ended; what it returns is the exit status. Exceptions: 99 and their text on stderr.
ExitStatus run_forked(std::function<int()> const& function, ChildOptions const& options = {});
/// The same without waiting.
Child start_forked(std::function<int()> const& function, ChildOptions const& options = {});

bool is_root();
/// Why this program can't be started as a plain uid; empty where it can. Root is needed, and a build folder that everybody can reach.
std::string why_no_plain_users();

}  // namespace bus::test

#define BUS_REQUIRE_ROOT() \
    if (auto const why = ::bus::test::why_no_plain_users(); !why.empty()) GTEST_SKIP() << why

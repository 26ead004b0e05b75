// A broker of one's own, for tests and for programs that want a bus for themselves.
#pragma once

#include <bus/connection.hpp>
#include <bus/connection_options.hpp>
#include <memory>
#include <string>
#include <vector>

namespace bus::testing {

struct LocalBrokerOptions {
    std::string config = {};  // path of a busd.toml; or its text, known by a newline or a '='
    std::string busd = {};    // path of the program; empty: $BUS_BUSD, beside the library or in ../bin or ../broker from there, $PATH
};

/// A busd as a child process, on a bus of a fresh name in a fresh runtime folder. The environment of the program is not changed.
///
/// Life time: the busd ends with this object, or with the program, however that ends: it gets SIGTERM by the kernel then and cleans up.
///            The kernel means the thread that started it (constructor, restart()): let that one live as long as the broker.
/// Threads:   one at a time, but for options(), connect() and environment().
class LocalBroker {
public:
    /// Returns when it serves. Throws bus::Exception: no_broker: no busd to be found, or it ended (what() has its words); timeout; io.
    explicit LocalBroker(LocalBrokerOptions const& options = {});
    /// Stops it and removes everything.
    ~LocalBroker();
    LocalBroker(LocalBroker const&) = delete;
    LocalBroker& operator=(LocalBroker const&) = delete;

    /// To connect to it.
    ConnectionOptions options(std::string name = {}) const;
    [[nodiscard]] Result<Connection> connect(std::string name = {}) const;
    /// "BUS_NAME=..." and "BUS_RUNTIME_DIR=...", for child processes.
    std::vector<std::string> environment() const;

    int pid() const noexcept;  // 0: none runs
    /// SIGKILL, as in a crash. Returns when it is dead.
    void kill();
    /// A new busd on the same bus; it takes over what the dead one left. One that still runs is killed first. Throws as the constructor.
    void restart();
    /// Ends it cleanly.
    ///
    /// Returns: what was left over, one line each: kernel objects, files of the runtime folder. Empty in a good test. They are removed
    /// then.
    std::vector<std::string> stop();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace bus::testing

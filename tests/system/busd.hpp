// A busd as a child of a test, and a client that speaks to it without the library's Connection.
#pragma once

#include <bus/v1/control.pb.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "client/attached_bus.hpp"
#include "client/requests.hpp"
#include "client/session.hpp"
#include "support/child.hpp"
#include "support/temporary_directory.hpp"

namespace bus::test {

std::string busd_path();

/// Runs busd to its end: `busd ARGS`.
Output run_busd(std::vector<std::string> const& args, ChildOptions const& options = {});

/// A busd that serves the default bus in $BUS_RUNTIME_DIR. The destructor stops it in order.
class Busd {
public:
    /// Starts it and waits until it is ready; the test fails where it doesn't get there.
    explicit Busd(std::vector<std::string> const& args = {}, ChildOptions const& options = {});
    ~Busd();
    Busd(Busd const&) = delete;

    pid_t pid() const { return child_->pid(); }
    /// SIGTERM, SIGQUIT ...: and waits for its end.
    ExitStatus end(int signal);
    /// Signals it and goes on.
    void signal(int number) const { child_->kill(number); }
    static std::string folder();

private:
    std::unique_ptr<Child> child_;
};

/// A session by the library's private parts: every step of the protocol can be taken alone.
class RawClient {
public:
    static Result<std::unique_ptr<RawClient>> open(std::string const& name = "raw");
    ~RawClient();

    Result<v1::Answer> ask(v1::Request request, std::chrono::milliseconds longest = patience());
    Result<v1::Answer> publisher(std::string const& topic, std::string const& type = {}, std::uint64_t ring_bytes = 4096,
                                 std::string const& descriptor_set = {});
    Result<v1::Answer> subscription(std::string const& pattern, std::string const& type = {},
                                    shm::ReaderKind kind = shm::ReaderKind::best_effort);

    client::AttachedBus const& bus() const { return *bus_; }
    client::Session const& session() const { return *session_; }

private:
    client::AttachedBusPtr bus_;
    std::unique_ptr<client::Session> session_;
    std::unique_ptr<client::Requests> requests_;
};

/// Says hello as somebody who goes on to do nothing: what busd offers him nobody reads.
void say_hello(RawClient const& as, std::uint64_t nonce);

/// What the directory says, without a session.
client::AttachedBusPtr look();
template <class Entry>
std::size_t count_entries(client::AttachedBus const& bus) {
    std::size_t count = 0;
    bus.directory().each<Entry>([&](std::uint32_t, auto const&) {
        ++count;
        return true;
    });
    return count;
}

}  // namespace bus::test

// The busd of the churn campaign: started without waiting for it, killed while it serves or while it adopts what the one before left.
#pragma once

#include <bus/connection_options.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/attached_bus.hpp"
#include "support/child.hpp"
#include "support/temporary_directory.hpp"

namespace bus::test::churn {

enum class BrokerPhase { starting, adopting, serving };
char const* text_of(BrokerPhase phase);

class Broker {
public:
    /// Starts it and waits until it serves.
    Broker();

    ConnectionOptions options() const { return {.bus = "default", .name = {}, .runtime_dir = folder_.path()}; }
    client::AttachedBus const& bus() const { return *bus_; }
    bool is_running() const { return child_ != nullptr; }
    /// Whether it has said that it is ready.
    bool serves();
    /// Starts a new one; does not wait.
    void start();
    [[nodiscard]] bool wait_until_it_serves();
    /// Waits until the one that was just started has begun to adopt, and `share` (0 to 1, or a little more) of the time that took last.
    void wait_for_adoption(double share);
    /// SIGKILL. Returns: where it died, by what it left: its registry is the first it writes, the generation of the directory the last.
    BrokerPhase kill();
    /// SIGQUIT, and waits for its end.
    void hand_over();
    /// SIGTERM. Returns: what is left that should not be.
    std::vector<std::string> end();

    std::vector<std::string> const& findings() const { return findings_; }

private:
    std::uint64_t generation() const;
    std::uint64_t registry_generation() const;
    std::string last_words() const;

    RuntimeDirectory folder_;
    std::unique_ptr<Child> child_;
    client::AttachedBusPtr bus_;
    std::uint64_t expected_ = 1;  // the generation of the one that runs
    bool serves_ = false;
    std::chrono::nanoseconds adoption_ = std::chrono::milliseconds(4);
    std::vector<std::string> findings_;
};

}  // namespace bus::test::churn

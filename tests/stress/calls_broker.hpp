// A busd that is killed again and again, on one bus, and what that bus consists of at a moment.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/attached_bus.hpp"
#include "support/stepper.hpp"
#include "support/temporary_directory.hpp"

namespace bus::test {

/// What there is of everything. Sessions that were offered and not taken (busd withdraws them after some seconds) are left out, with what
/// was made for them, and so are sets of bells: their number goes with the highest session number.
struct Footprint {
    std::size_t kernel_objects = 0, fifos = 0, sessions = 0, topics = 0, rings = 0, subscriptions = 0, members = 0, schemas = 0;
    friend bool operator==(Footprint const&, Footprint const&) = default;
};
std::ostream& operator<<(std::ostream& out, Footprint const& footprint);

/// The default bus in a runtime folder of its own, whose busd writes its log there.
class MortalBroker {
public:
    MortalBroker();
    ~MortalBroker();
    MortalBroker(MortalBroker const&) = delete;

    /// Starts one and waits until it serves. Returns: why it does not; empty: it does.
    std::string start();
    /// Starts one that stands before its first instruction.
    Stepper start_traced();
    /// The one that runs now, stopped where it is.
    Stepper trace() { return Stepper::attach(take()); }
    /// Gives it back, running.
    void take_back(Stepper& stepper);
    void kill();
    /// SIGTERM. Returns: whether it ended well.
    bool stop();
    pid_t pid() const { return child_ ? child_->pid() : 0; }

    std::string folder() const { return runtime_.path() + "/default"; }
    /// The last line of the log with `words` in it.
    std::string log_line(std::string const& words) const;
    std::uint64_t generation() const;
    /// Whether the busd of this generation says that it took over what there was. Returns: what it says else.
    std::string why_not_adopted() const;
    client::AttachedBusPtr look() const;
    std::optional<Footprint> footprint() const;
    /// Kernel objects that the registry does not name: no next busd would find them.
    std::vector<std::string> unnamed_objects() const;
    /// Files of the runtime folder that should not be there once it has ended.
    std::vector<std::string> left_files() const;

private:
    Child launch(bool traced) const;
    Child take();

    RuntimeDirectory runtime_;
    std::optional<Child> child_;
    std::string log_;
};

}  // namespace bus::test

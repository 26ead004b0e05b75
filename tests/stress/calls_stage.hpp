// Who is on the bus while its busd or a client is killed: the operations that are interrupted, bystanders who must not notice, newcomers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/child.hpp"
#include "support/on_bus.hpp"

namespace bus::test {

/// What one client has.
struct Actor {
    std::optional<Connection> bus = {};
    std::optional<Publisher<Bytes>> publisher = {}, other = {};
    std::optional<Subscriber<Bytes>> subscriber = {};
    bool reads_busy = false;            // what it subscribes to has messages
    std::optional<Child> process = {};  // another client, which has all of that
    pid_t broker = 0;

    void open();
    /// With a publisher that has published, and a reliable subscription.
    void open_all();
    void leave();
};

/// Something that busd and a client do together. `act` throws where it fails.
struct Operation {
    std::string name;
    std::function<void(Actor&)> prepare, act;
    bool ends_broker = false;
};
/// What a client does with busd, and what busd does alone.
std::vector<Operation> const& operations();
std::vector<Operation> const& operations_of_broker();
/// A process with a connection, a publisher and a reliable subscription; it lives until it is killed.
Child start_client();
inline void PrintTo(Operation const& operation, std::ostream* out) { *out << operation.name; }  // NOLINT(readability-identifier-naming)

/// A client that lives through all of it, publishes on work/busy, and reads what is published below work/.
class Bystander {
public:
    Bystander();
    /// Publishes, receives and compares on a topic of its own, where it is waited for. Returns: what went wrong.
    std::string goes_on();
    /// Whether that comes in below work/; what comes before it is thrown away.
    bool receives(std::string const& text);
    /// Reads all there is, and publishes: whoever does neither keeps what others left attached.
    void let_go();
    /// busd has come to all that was asked of it before, and to all deaths: it answers a request that changes nothing.
    void wait_for_busd();
    /// One more on work/busy. Returns: its text.
    std::string publish_busy();

private:
    Connection bus_;
    Publisher<Bytes> steady_, busy_;
    Subscriber<Bytes> steady_reader_, reader_;
    std::uint64_t sent_ = 0;
};

/// What that client has works, with the bystander at the other end. Returns: what does not.
std::string try_out(Actor& actor, Bystander& bystander);
/// Somebody who comes, does all that one can do, and leaves. Returns: what went wrong.
std::string newcomer(Bystander& bystander);

}  // namespace bus::test

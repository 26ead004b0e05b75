// What a bus costs on which nothing happens: wake-ups and memory. Its programs: busd, a subscriber that sleeps in receive(), one that
// sleeps in run(), and this one: a publisher that sleeps in wait_for().
#include <bus/testing.hpp>
#include <fstream>
#include <map>

#include "measurements.hpp"
#include "peer.hpp"
#include "round_trips.hpp"

namespace bus::bench {

namespace {

/// "voluntary_ctxt_switches", "RssAnon" ... of /proc/PID/status.
std::map<std::string, double> status_of(pid_t pid) {
    std::map<std::string, double> status;
    std::ifstream file("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(file, line);)
        if (auto const colon = line.find(':'); colon != line.npos)
            if (auto const digit = line.find_first_of("0123456789", colon); digit != line.npos)
                status[line.substr(0, colon)] = std::strtod(line.c_str() + digit, nullptr);
    return status;
}

/// The programs, all of them settled before the constructor returns.
class IdleBus {
public:
    IdleBus() { out_.wait_for_subscribers(2, std::chrono::seconds(10)).value(); }
    std::vector<std::pair<std::string, pid_t>> programs() const {
        return {{"busd", broker_.pid()}, {"receive()", receiver_.pid()}, {"run()", runner_.pid()}, {"wait_for()", ::getpid()}};
    }
    void be_idle(Duration time) { (void)bus_.wait_for(time); }
    pid_t busd() const { return broker_.pid(); }

private:
    testing::LocalBroker broker_;
    Peer receiver_{[this] {
        auto bus = Connection::open(broker_.options("receiver")).value();
        auto in = bus.subscriber<Bytes>("quiet", {.reliable = true}).value();
        while (in.receive()) {
        }
    }};
    Peer runner_{[this] {
        auto bus = Connection::open(broker_.options("runner")).value();
        auto in = bus.subscriber<Bytes>("quiet").value();
        in.on_sample([](Sample<Bytes> const&) {}).value();
        bus.run({}).value();
    }};
    Connection bus_ = broker_.connect("publisher").value();
    Publisher<Bytes> out_ = bus_.publisher<Bytes>("quiet").value();
};

}  // namespace

Comparison idle_switches(Settings const& settings, double limit) {
    Comparison result{.name = "idle-switches", .unit = "voluntary switches a second of the busiest program; floor: 1", .limit = limit};
    IdleBus bus;
    std::map<std::string, double> before;
    for (auto const& [name, pid] : bus.programs()) before[name] = status_of(pid)["voluntary_ctxt_switches"];
    bus.be_idle(settings.idle);
    double most = 0;
    for (auto const& [name, pid] : bus.programs()) {
        auto const rate = (status_of(pid)["voluntary_ctxt_switches"] - before[name]) / std::chrono::duration<double>(settings.idle).count();
        most = std::max(most, rate);
        char text[64];
        std::snprintf(text, sizeof text, "%s%s %.2f", result.note.empty() ? "" : ", ", name.c_str(), rate);
        result.note += text;
    }
    result.floor_rounds = {1};
    result.our_rounds = {most};
    return result;
}

Comparison idle_memory(Settings const&, double limit) {
    Comparison result{.name = "idle-memory", .unit = "MiB of busd, RssAnon + RssFile; floor: 1", .limit = limit};
    IdleBus const bus;
    auto status = status_of(bus.busd());
    result.floor_rounds = {1};
    result.our_rounds = {(status["RssAnon"] + status["RssFile"]) / 1024};
    return result;
}

}  // namespace bus::bench

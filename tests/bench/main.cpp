// What a message costs, against the least it could cost on this machine.
// Usage: bench-pubsub [NAME-PART] [--json FILE] [--rounds N] [--idle SECONDS]
#include <cstdlib>
#include <string_view>

#include "measurements.hpp"
#include "peer.hpp"

using namespace bus::bench;

int main(int argc, char** argv) {
    Settings settings;
    std::string only, json = "bench.json";
    for (int i = 1; i < argc; ++i) {
        std::string_view const argument = argv[i];
        char const* const value = i + 1 < argc ? argv[i + 1] : "0";
        if (argument == "--json")
            json = value, ++i;
        else if (argument == "--rounds")
            settings.rounds = std::max(1, std::atoi(value)), ++i;
        else if (argument == "--idle")
            settings.idle = std::chrono::seconds(std::max(1, std::atoi(value))), ++i;
        else
            only = argument;
    }
    pin(0);
    std::vector<Comparison> all;
    auto const run = [&](std::string_view name, auto&& measure) {
        if (name.find(only) == name.npos) return;
        all.push_back(measure());
        print(all.back());
    };
    print_head();
    run("latency-polling-64", [&] { return polling_latency(settings, 64, 1.3); });
    run("latency-polling-1024", [&] { return polling_latency(settings, 1024, 1.3); });
    run("latency-typed", [&] { return typed_latency(settings, 1.2); });
    run("latency-sleeping-64", [&] { return sleeping_latency(settings, 1.15); });
    run("throughput-64", [&] { return throughput(settings, "throughput-64", 64, true, 2); });
    run("throughput-64-unstamped", [&] { return throughput(settings, "throughput-64-unstamped", 64, false, 2); });
    run("throughput-1024", [&] { return throughput(settings, "throughput-1024", 1024, true, 0); });
    run("publish-64-polling", [&] { return fan_out(settings, 1.3); });
    run("waking-64-one-by-one", [&] { return waking(settings); });
    run("idle-switches", [&] { return idle_switches(settings, 4); });
    run("idle-memory", [&] { return idle_memory(settings, 16); });
    write_json(all, json);
    return all.empty() ? 1 : 0;
}

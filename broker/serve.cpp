// Configuration, folder, bus, loop, end.
#include "serve.hpp"

#include <google/protobuf/stubs/logging.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <utility>

#include "broker.hpp"
#include "config.hpp"
#include "detach.hpp"
#include "log.hpp"
#include "notify.hpp"
#include "startup.hpp"
#include "sys/poller.hpp"

namespace bus::broker {
namespace {

std::string text_of(Error const& error) {
    auto text = error.what();
    if (!error.hint().empty()) text += "\nbusd: try: " + error.hint();
    return text;
}

constexpr int kTriesAnew = 100;
constexpr sys::Duration kBeforeNextTry = std::chrono::milliseconds(10);

// For SIGHUP after a change of folder.
std::string absolute_path(std::string const& path) {
    std::error_code none;
    auto const absolute = std::filesystem::absolute(path, none);
    return none ? path : absolute.string();
}

// Returns: how it ended.
// `generation` is that of the last one, and becomes ours: ids begin with it, and clients that come over know what they had by its ids.
Result<Ending> serve_one(Options const& options, Config& config, std::string const& config_path, sys::SignalFd& signals, ReadyPipe& pipe,
                         std::uint64_t& generation) {
    auto folder = take_folder(options.bus);
    if (!folder) return folder.error();
    log::start(folder->bus);
    unsay_ready(folder->folder);  // of one that died: who finds it from here on finds a bus that is whole
    auto started = start_bus(*folder, config, generation);
    if (!started) return started.error();
    auto& state = *started->state;
    bool const in_place_of_another = std::exchange(generation, state.objects.generation()) != 0;
    if (auto ready = say_ready(folder->folder); !ready) {
        end_bus(*folder, state, Ending::clean);
        return ready.error();
    }
    log::info("serves in " + folder->folder.path() + ", generation " + std::to_string(state.objects.generation()) + ": " + started->how);
    Broker broker(*folder, state, signals, config_path, in_place_of_another);
    if (pipe.waits()) log::leave_terminal(folder->bus);
    pipe.ready();
    notify_manager("READY=1");
    auto const ending = broker.run();
    if (!ending) {
        unsay_ready(folder->folder);
        return ending.error();
    }
    // A service manager that hears STOPPING waits for our end, and kills who goes on.
    if (*ending == Ending::clean) notify_manager("STOPPING=1");
    switch (*ending) {
        case Ending::clean:
        case Ending::anew:
            config = state.config;
            state.events.ends(*ending == Ending::clean ? "ends, and the bus with it" : "ends this bus, and begins a new one");
            end_bus(*folder, state, *ending);
            break;
        case Ending::handover:
            state.events.ends("hands over to the next one");
            unsay_ready(folder->folder);
            log::info("SIGQUIT: leaves everything to the next busd");
            break;
        case Ending::taken:
            // It serves our objects where it adopted them.
            if (state.directory.head().broker_pid == ::getpid()) end_objects(state, *ending);
            return Error(Errc::conflict, "another busd serves bus " + folder->bus + " in " + folder->folder.path(), "busd --stop ends it");
    }
    return *ending;
}

Result<void> serve_bus(Options const& options, Config config, std::string const& config_path, ReadyPipe& pipe) {
    // Blocked before anything is there to clean up: a signal that comes early is seen when the loop begins.
    auto signals = sys::SignalFd::create({SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1});
    if (!signals) return signals.error();
    std::uint64_t generation = 0;
    for (int tries = 0;;) {
        auto const before = generation;
        auto const ending = serve_one(options, config, config_path, *signals, pipe, generation);
        if (generation != before) tries = 0;
        if (!ending) {
            // Whoever removed the objects of the bus before may not have done yet, and takes those of the new one from under our hands.
            if (generation == 0 || ending.error() != Errc::not_found || ++tries > kTriesAnew) return ending.error();
            log::warning("the new bus can't begin, it is tried again: " + ending.error().what());
            (void)sys::poll_until(std::span<pollfd>{}, sys::deadline_after(kBeforeNextTry));
            continue;
        }
        if (*ending != Ending::anew) return {};
    }
}

}  // namespace

int serve(Options const& options) {
    google::protobuf::SetLogHandler(nullptr);  // what strangers send is counted, not logged
    ::umask(022);
    (void)std::signal(SIGPIPE, SIG_IGN);  // who reads our log may go; we stay
    auto const fail = [](std::string const& text) {
        std::fprintf(stderr, "busd: %s\n", text.c_str());
        return 1;
    };
    Config config;
    std::string config_path;
    if (!options.config.empty()) {
        auto const absolute = absolute_path(options.config);
        auto loaded = load_config(absolute);
        if (!loaded) return fail(text_of(loaded.error()));
        config = std::move(*loaded);
        config_path = absolute;
    }
    ReadyPipe pipe;
    if (options.detach) {
        auto detached = detach();
        if (!detached) return fail(text_of(detached.error()));
        if (detached->parent_status) return *detached->parent_status;
        pipe = std::move(detached->pipe);
    }
    auto const served = serve_bus(options, std::move(config), config_path, pipe);
    if (served) return 0;
    // A parent that waits says it for us.
    if (!pipe.failed(text_of(served.error()))) (void)fail(text_of(served.error()));
    return 1;
}

}  // namespace bus::broker

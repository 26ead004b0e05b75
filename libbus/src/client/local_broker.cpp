// A busd of one's own: found, started in a folder of its own, ended, and what it left looked for.
#include <bus/testing.hpp>

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <set>

#include "client/attached_bus.hpp"
#include "client/child_process.hpp"
#include "client/left_overs.hpp"
#include "client/runtime_folder.hpp"
#include "sys/directory.hpp"
#include "sys/file.hpp"
#include "sys/ipc_key.hpp"
#include "sys/poller.hpp"
#include "sys/process.hpp"
#include "sys/syscall.hpp"

namespace bus::testing {

namespace {

using namespace std::chrono_literals;

constexpr sys::Duration kReady = 20s, kCleanEnd = 20s;
int const kAnchor = 0;  // something in this library, for dladdr

bool is_program(std::string const& path) { return ::access(path.c_str(), X_OK) == 0; }

std::string folder_of_library() {
    Dl_info info{};
    if (::dladdr(&kAnchor, &info) == 0 || info.dli_fname == nullptr) return {};
    char* const whole = ::realpath(info.dli_fname, nullptr);
    std::string const path = whole != nullptr ? whole : info.dli_fname;
    ::free(whole);  // NOLINT(cppcoreguidelines-no-malloc): realpath's
    return path.substr(0, path.rfind('/'));
}

std::vector<std::string> candidates() {
    std::vector<std::string> paths;
    // Beside the library; as installed (lib/x86_64-linux-gnu/libbus.so, bin/busd); in the build tree.
    if (auto const library = folder_of_library(); !library.empty())
        for (auto const* where : {"/busd", "/../bin/busd", "/../../bin/busd", "/../broker/busd"}) paths.push_back(library + where);
    char const* const path = ::getenv("PATH");
    std::string_view rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
        auto const colon = std::min(rest.find(':'), rest.size());
        if (colon > 0) paths.push_back(std::string(rest.substr(0, colon)) + "/busd");
        rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
    return paths;
}

Result<std::string> find_busd(std::string const& given) {
    char const* const variable = ::getenv("BUS_BUSD");
    auto const chosen = !given.empty() ? given : variable == nullptr ? std::string() : std::string(variable);
    if (!chosen.empty()) {
        if (is_program(chosen)) return chosen;
        return Error(Errc::no_broker, "no program " + chosen, given.empty() ? "it is what $BUS_BUSD says" : "");
    }
    auto const paths = candidates();
    auto const found = std::ranges::find_if(paths, is_program);
    if (found != paths.end()) return *found;
    std::string looked;
    for (auto const& path : paths) looked += (looked.empty() ? "" : ", ") + path;
    return Error(Errc::no_broker, "no busd to start: looked for " + looked, "set $BUS_BUSD to its path");
}

bool is_text(std::string const& config) { return config.find_first_of("\n=") != config.npos; }

std::string last_words(std::string const& log) {
    auto const text = sys::read_file(log);
    if (!text) return "";
    constexpr std::size_t kWords = 2000;
    auto words = text->size() > kWords ? text->substr(text->size() - kWords) : *text;
    while (words.ends_with('\n')) words.pop_back();
    return words;
}

void remove_tree(sys::Directory const& folder) {
    auto const names = folder.list();
    if (!names) return;
    for (auto const& name : *names) {
        if (auto const child = folder.open_child(name)) {
            remove_tree(*child);
            (void)folder.remove_child_directory(name);
        } else {
            (void)folder.remove_child(name);
        }
    }
}

std::string root_prefix() { return "bus-local-" + std::to_string(sys::effective_uid()) + "-"; }

// A program that was killed left its folder; its busd, told by the kernel, emptied it. Whose busd still works there is left alone.
void sweep(std::string const& temporary) {
    auto const folder = sys::Directory::open(temporary);
    if (!folder) return;
    auto const names = folder->list();
    for (auto const& name : names ? *names : std::vector<std::string>{}) {
        if (!name.starts_with(root_prefix())) continue;
        auto const pid = std::atoi(name.c_str() + root_prefix().size());
        if (pid <= 0 || ::kill(pid, 0) == 0 || errno != ESRCH) continue;
        auto const root = folder->open_child(name);
        if (!root || root->owner_uid() != sys::effective_uid()) continue;
        auto const buses = root->list();
        bool const used = !buses || std::ranges::any_of(*buses, [&](std::string const& bus) {
            return ::access((root->path_of(bus) + "/registry").c_str(), F_OK) == 0;
        });
        if (used) continue;
        remove_tree(*root);
        (void)folder->remove_child_directory(name);
    }
}

}  // namespace

struct LocalBroker::State {
    std::string busd, root, bus, config;
    sys::ForkGuard owner;
    std::optional<client::ChildProcess> child;
    std::vector<shm::RegistryRecord> records;  // all that was ever made, as far as it was seen

    ConnectionOptions options() const { return {.bus = bus, .runtime_dir = root}; }
    std::string folder() const { return root + "/" + bus; }
    std::string log() const { return root + "/busd.log"; }

    void make_root(LocalBrokerOptions const& options);
    void start();
    void end(int signal);
    void read_registry();
    std::vector<std::string> left_files() const;
    std::vector<std::string> take_left_overs();
    void remove_root();
};

void LocalBroker::State::make_root(LocalBrokerOptions const& options) {
    char const* const temporary = ::secure_getenv("TMPDIR");
    root = temporary != nullptr && *temporary == '/' ? temporary : "/tmp";
    sweep(root);
    root += "/" + root_prefix() + std::to_string(::getpid()) + "-XXXXXX";
    if (::mkdtemp(root.data()) == nullptr) throw_exception_from_error(sys::call_failed(errno, "mkdtemp", root), BOOST_CURRENT_LOCATION);
    sys::set_mode(root, 0755).value();
    // Nothing else is called so: not by chance a bus that another program made under the same $BUS_RUNTIME_DIR.
    bus = "local-" + std::to_string(::getpid()) + "-" + root.substr(root.size() - 6);
    config = options.config;
    if (is_text(config)) {
        config = root + "/busd.toml";
        sys::replace_file(config, std::as_bytes(std::span(options.config)), 0644).value();
    }
}

void LocalBroker::State::start() {
    client::ChildSpec spec{busd, {"--bus", bus}, {"BUS_RUNTIME_DIR=" + root, "BUS_NAME=" + bus}, log()};
    if (!config.empty()) spec.arguments.insert(spec.arguments.end(), {"--config", config});
    child = client::ChildProcess::start(spec).value();
    auto const deadline = sys::deadline_after(kReady);
    for (sys::Duration nap = 200us;; nap = std::min<sys::Duration>(2 * nap, 5ms)) {
        auto const attached = client::attach_bus(options(), client::Wanted::any, deadline);
        // `ready` is the last it makes; one that a dead busd left is told apart by the pid.
        if (attached && (*attached)->broker_alive() && (*attached)->head().broker_pid == child->pid() &&
            ::access((folder() + "/ready").c_str(), F_OK) == 0)
            return;
        if (auto const ended = child->try_wait()) {
            child.reset();
            throw_exception_from_error(Error(Errc::no_broker, busd + " ended with " + *ended + ": " + last_words(log())),
                                       BOOST_CURRENT_LOCATION);
        }
        if (sys::has_passed(deadline))
            throw_exception_from_error(Error(Errc::timeout, busd + " was not ready in time: " + last_words(log())), BOOST_CURRENT_LOCATION);
        (void)sys::poll_until(std::span<pollfd>{}, sys::deadline_after(nap));
    }
}

void LocalBroker::State::end(int signal) {
    if (!child) return;
    child->send(signal);
    if (!child->wait_until(sys::deadline_after(kCleanEnd))) {
        child->send(SIGKILL);
        (void)child->wait_until(sys::kForever);
    }
    child.reset();
}

// A clean end takes the registry away: what it named is remembered before.
void LocalBroker::State::read_registry() {
    if (auto const registry = shm::read_registry(folder() + "/registry"))
        for (auto const& record : registry->alive()) records.push_back(record);
}

std::vector<std::string> LocalBroker::State::left_files() const {
    std::vector<std::string> files;
    auto const folder = sys::Directory::open(this->folder());
    if (!folder) return files;
    auto const names = folder->list();
    for (auto const& name : names ? *names : std::vector<std::string>{})
        // The lock file stays by design, and an empty folder is nothing.
        if (name != "lock" && name != "fifo") files.push_back("file " + folder->path_of(name));
    if (auto const fifos = folder->open_child("fifo"))
        if (auto const left = fifos->list())
            for (auto const& name : *left) files.push_back("FIFO " + fifos->path_of(name));
    return files;
}

std::vector<std::string> LocalBroker::State::take_left_overs() {
    read_registry();
    std::vector<std::string> lines;
    std::set<std::string> seen;
    for (auto const& object : client::existing(records, sys::effective_uid())) {
        if (seen.insert(object.line()).second) lines.push_back(object.line());
        (void)client::remove(object);
    }
    records.clear();
    for (auto& line : left_files()) lines.push_back(std::move(line));
    if (auto const folder = sys::Directory::open(this->folder())) remove_tree(*folder);
    return lines;
}

void LocalBroker::State::remove_root() {
    if (auto const folder = sys::Directory::open(root)) remove_tree(*folder);
    ::rmdir(root.c_str());
}

LocalBroker::LocalBroker(LocalBrokerOptions const& options) : state_(std::make_unique<State>()) {
    state_->busd = find_busd(options.busd).value();
    state_->make_root(options);
    try {
        state_->start();
    } catch (...) {
        state_->end(SIGKILL);
        (void)state_->take_left_overs();
        state_->remove_root();
        throw;
    }
}

LocalBroker::~LocalBroker() {
    // In a forked child nothing of this is ours.
    if (state_->owner.in_child()) return;
    (void)stop();
    state_->remove_root();
}

ConnectionOptions LocalBroker::options(std::string name) const {
    auto options = state_->options();
    options.name = std::move(name);
    return options;
}

Result<Connection> LocalBroker::connect(std::string name) const { return Connection::open(options(std::move(name))); }

std::vector<std::string> LocalBroker::environment() const { return {"BUS_NAME=" + state_->bus, "BUS_RUNTIME_DIR=" + state_->root}; }

int LocalBroker::pid() const noexcept { return state_->child ? state_->child->pid() : 0; }

void LocalBroker::kill() { state_->end(SIGKILL); }

void LocalBroker::restart() {
    kill();
    state_->start();
}

std::vector<std::string> LocalBroker::stop() {
    state_->read_registry();
    state_->end(SIGTERM);
    return state_->take_left_overs();
}

}  // namespace bus::testing

// Starting and ending busd, counting what there is.
#include "calls_broker.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <set>

#include "client/runtime_folder.hpp"
#include "shm/registry_reader.hpp"
#include "support/ipc_namespace.hpp"

namespace bus::test {

namespace {

constexpr unsigned kRemoved = 01000;  // SHM_DEST: goes with its last user

std::string busd_path() {
    char const* const path = std::getenv("BUS_BUSD");
    return path != nullptr ? path : "busd";
}

template <class Entry>
std::size_t count(client::AttachedBus const& bus) {
    std::size_t count = 0;
    bus.directory().each<Entry>([&](std::uint32_t, auto const&) {
        ++count;
        return true;
    });
    return count;
}

std::size_t count_offered(client::AttachedBus const& bus) {
    std::size_t count = 0;
    bus.directory().each<shm::SessionEntry>([&](std::uint32_t, auto const& entry) {
        if (entry->head.state == static_cast<std::uint32_t>(shm::SessionState::offered)) ++count;
        return true;
    });
    return count;
}

std::size_t count_files(std::string const& folder) {
    std::error_code none;
    std::filesystem::directory_iterator const files(folder, none);
    return none ? 0 : static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

}  // namespace

std::ostream& operator<<(std::ostream& out, Footprint const& f) {
    return out << f.kernel_objects << " kernel objects, " << f.fifos << " FIFOs, " << f.sessions << " sessions, " << f.topics << " topics, "
               << f.rings << " rings, " << f.subscriptions << " subscriptions, " << f.members << " members, " << f.schemas << " schemas";
}

MortalBroker::MortalBroker() : log_(runtime_.path_of("busd.log")) {}

MortalBroker::~MortalBroker() {
    if (child_) kill();
}

Child MortalBroker::launch(bool traced) const {
    return start_forked(
        [&] {
            int const log = ::open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
            ::dup2(log, STDERR_FILENO);
            ::dup2(log, STDOUT_FILENO);
            auto const path = busd_path();
            ::execl(path.c_str(), path.c_str(), nullptr);
            return 125;
        },
        {.traced = traced});
}

std::string MortalBroker::start() {
    child_.emplace(launch(false));
    bool const ready = eventually([&] {
        if (::access((folder() + "/ready").c_str(), F_OK) != 0) return false;
        auto const bus = look();
        return bus && bus->head().broker_pid == pid() && bus->broker_alive();
    });
    return ready ? "" : "busd did not get ready; it said last: " + log_line("");
}

Stepper MortalBroker::start_traced() { return Stepper(launch(true)); }

Child MortalBroker::take() {
    Child child = std::move(*child_);
    child_.reset();
    return child;
}

void MortalBroker::take_back(Stepper& stepper) {
    stepper.detach();
    child_.emplace(std::move(stepper.child()));
}

void MortalBroker::kill() {
    child_->kill(SIGKILL);
    (void)child_->wait();
    child_.reset();
}

bool MortalBroker::stop() {
    child_->kill(SIGTERM);
    auto const status = child_->wait();
    child_.reset();
    return status == 0;
}

std::string MortalBroker::log_line(std::string const& words) const {
    std::ifstream file(log_);
    std::string last;
    for (std::string line; std::getline(file, line);)
        if (line.find(words) != std::string::npos) last = line;
    return last;
}

// It says so when it is ready already.
std::string MortalBroker::why_not_adopted() const {
    auto const words = "generation " + std::to_string(generation()) + ": ";
    (void)eventually([&] { return !log_line(words).empty(); });
    auto const line = log_line(words);
    bool const adopted = line.find(words + "adopted ") != line.npos && line.find("replaced nothing") != line.npos;
    return adopted ? "" : "no line of " + words + "it says last: " + (line.empty() ? log_line("") : line);
}

client::AttachedBusPtr MortalBroker::look() const {
    auto const options = client::resolve({});
    if (!options) return nullptr;
    auto bus = client::attach_bus(*options, client::Wanted::any, sys::steady_now());
    return bus ? *bus : nullptr;
}

std::uint64_t MortalBroker::generation() const {
    auto const bus = look();
    return bus ? bus->generation() : 0;
}

std::optional<Footprint> MortalBroker::footprint() const {
    auto const bus = look();
    auto const registry = shm::read_registry(folder() + "/registry");
    if (!bus || !registry) return std::nullopt;
    auto const offered = count_offered(*bus);
    std::size_t bells = 0;
    for (auto const& record : registry->alive())
        if (record.object == shm::ObjectKind::bells) ++bells;
    Footprint footprint;
    footprint.kernel_objects = ipc_objects().size() - bells - offered;
    footprint.fifos = count_files(folder() + "/fifo") - offered;
    footprint.sessions = count<shm::SessionEntry>(*bus) - offered;
    footprint.topics = count<shm::TopicEntry>(*bus);
    footprint.rings = count<shm::RingEntry>(*bus);
    footprint.subscriptions = count<shm::SubscriptionEntry>(*bus);
    footprint.members = count<shm::MemberEntry>(*bus);
    footprint.schemas = count<shm::SchemaEntry>(*bus);
    return footprint;
}

std::vector<std::string> MortalBroker::unnamed_objects() const {
    std::set<long> keys;
    if (auto const registry = shm::read_registry(folder() + "/registry"))
        for (auto const& record : registry->alive()) keys.insert(record.key);
    std::vector<std::string> unnamed;
    for (auto const& object : ipc_objects()) {
        bool const removed = object.kind == IpcObject::Kind::segment && (object.mode & kRemoved) != 0;
        if (!removed && !keys.contains(static_cast<std::int32_t>(object.key))) unnamed.push_back(object.text());
    }
    return unnamed;
}

std::vector<std::string> MortalBroker::left_files() const {
    std::vector<std::string> files;
    std::error_code none;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder(), none)) {
        auto const name = entry.path().filename().string();
        if (name != "lock" && name != "fifo") files.push_back(entry.path().string());
    }
    return files;
}

}  // namespace bus::test

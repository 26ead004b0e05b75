// Starting, talking to and ending a busd.
#include "busd.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "client/admission.hpp"
#include "client/runtime_folder.hpp"
#include "wire/control.hpp"

namespace bus::test {

std::string busd_path() {
    char const* const path = std::getenv("BUS_BUSD");
    return path != nullptr ? path : "busd";
}

Output run_busd(std::vector<std::string> const& args, ChildOptions const& options) { return run_program(busd_path(), args, options); }

std::string Busd::folder() { return std::string(std::getenv("BUS_RUNTIME_DIR")) + "/default"; }

Busd::Busd(std::vector<std::string> const& args, ChildOptions const& options)
    : child_(std::make_unique<Child>(start_program(busd_path(), args, options))) {
    // An earlier one may have left its `ready`: ours is there when the directory names our pid.
    EXPECT_TRUE(eventually([&] {
        if (::access((folder() + "/ready").c_str(), F_OK) != 0) return false;
        auto const bus = look();
        return bus && bus->head().broker_pid == child_->pid() && bus->broker_alive();
    })) << "busd did not get ready";
}

Busd::~Busd() {
    if (!child_) return;
    EXPECT_EQ(end(SIGTERM), 0);
}

ExitStatus Busd::end(int signal) {
    child_->kill(signal);
    auto const status = child_->wait();
    child_.reset();
    return status;
}

void say_hello(RawClient const& as, std::uint64_t nonce) {
    v1::Hello hello;
    hello.set_version(wire::kProtocolVersion);
    hello.set_uid(as.session().uid());
    hello.set_nonce(nonce);
    EXPECT_TRUE(wire::mail_of(hello)->try_send(as.session().requests()));
}

client::AttachedBusPtr look() {
    auto const options = client::resolve({});
    if (!options) return nullptr;
    auto bus = client::attach_bus(*options, client::Wanted::any, sys::steady_now());
    return bus ? *bus : nullptr;
}

Result<std::unique_ptr<RawClient>> RawClient::open(std::string const& name) {
    auto const deadline = sys::deadline_after(patience());
    ConnectionOptions wanted;
    wanted.name = name;
    auto const options = client::resolve(std::move(wanted));
    if (!options) return options.error();
    auto bus = client::attach_bus(*options, client::Wanted::living, deadline);
    if (!bus) return bus.error();
    auto parts = client::take_offer(**bus, *options, deadline);
    if (!parts) return parts.error();
    auto raw = std::make_unique<RawClient>();
    raw->bus_ = *bus;
    raw->session_ = std::make_unique<client::Session>(std::move(*parts));
    raw->requests_ = std::make_unique<client::Requests>(*raw->bus_, *raw->session_);
    v1::Request attach;
    attach.mutable_attach();
    auto attached = raw->ask(std::move(attach));
    if (!attached) return attached.error();
    return raw;
}

RawClient::~RawClient() {
    if (!session_) return;
    session_->end();
    v1::Request leave;
    leave.mutable_leave();
    requests_->post(std::move(leave));
}

Result<v1::Answer> RawClient::ask(v1::Request request, std::chrono::milliseconds longest) {
    return requests_->request(std::move(request), "asked by a test", sys::deadline_after(longest));
}

Result<v1::Answer> RawClient::publisher(std::string const& topic, std::string const& type, std::uint64_t ring_bytes,
                                        std::string const& descriptor_set) {
    v1::Request request;
    auto& create = *request.mutable_create_publisher();
    create.set_topic(topic);
    create.mutable_type()->set_name(type);
    create.mutable_type()->set_descriptor_set(descriptor_set);
    create.set_ring_bytes(ring_bytes);
    return ask(std::move(request));
}

Result<v1::Answer> RawClient::subscription(std::string const& pattern, std::string const& type, shm::ReaderKind kind) {
    v1::Request request;
    auto& create = *request.mutable_create_subscription();
    create.set_pattern(pattern);
    create.mutable_type()->set_name(type);
    create.set_kind(static_cast<std::uint32_t>(kind));
    return ask(std::move(request));
}

}  // namespace bus::test

// Telling what happens.
#include "events.hpp"

#include <unistd.h>

#include <bus/name.hpp>
#include <utility>

#include "log.hpp"
#include "state.hpp"
#include "sys/clock.hpp"

namespace bus::broker {
namespace {

using v1::Event;

constexpr std::size_t kLongestText = 4096;  // a difference of two types can be long

void set_time(Event& event, std::int64_t wall_ns) {
    constexpr std::int64_t kSecond = 1'000'000'000;
    event.mutable_time()->set_seconds(wall_ns / kSecond);
    event.mutable_time()->set_nanos(static_cast<std::int32_t>(wall_ns % kSecond));
}

// A proto3 string is UTF-8: what is cut or foreign would spoil the whole message.
std::string text_of(std::string_view text) {
    std::string shown(text.substr(0, kLongestText));
    for (char& c : shown)
        if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    return shown.size() < text.size() ? shown + " ..." : shown;
}

void set_client(Event::Client& client, State& state, Session const& session) {
    client.set_id(session.id);
    client.set_name(text_of(session.name));
    client.set_pid(state.directory.own<shm::SessionEntry>(session.index)->pid);
    client.set_uid(session.user->uid);
}

Event::Reader reader_of(shm::ReaderKind kind) {
    switch (kind) {
        case shm::ReaderKind::best_effort:
            return Event::best_effort;
        case shm::ReaderKind::reliable:
            return Event::reliable;
        case shm::ReaderKind::observer:
            break;
    }
    return Event::observer;
}

std::string name_in(v1::Request const& request) {
    if (request.has_create_publisher()) return request.create_publisher().topic();
    if (request.has_create_subscription()) return request.create_subscription().pattern();
    if (request.has_remove_topic()) return request.remove_topic().topic();
    return {};
}

std::string shown(Error const& error) {
    auto const* const difference = error.schema_difference();
    return difference == nullptr || error.what().find(difference->text()) != std::string::npos ? error.what()
                                                                                               : error.what() + "\n" + difference->text();
}

std::uint64_t readers_of(Topic const& topic) { return std::uint64_t{topic.subscribers} + topic.observers; }

std::uint64_t count_live(State& state) {
    std::uint64_t count = 0;
    for (auto const& [index, session] : state.sessions.all()) count += session->live() ? 1 : 0;
    return count;
}

}  // namespace

Events::Events(State& state)
    : state_(state),
      topic_(state, "$bus/events", *Event::descriptor()),
      began_ns_(sys::clock_ns(CLOCK_REALTIME)),
      last_id_(state.ids.last()) {}

Event Events::event(Event::Kind kind) const {
    Event event;
    event.set_kind(kind);
    event.set_generation(state_.objects.generation());
    set_time(event, sys::clock_ns(CLOCK_REALTIME));
    return event;
}

Event Events::event(Event::Kind kind, Session const& session) const {
    auto event = this->event(kind);
    set_client(*event.mutable_client(), state_, session);
    return event;
}

// ---- busd itself --------------------------------------------------------------------------------------------------------------

// The first message says since when this busd tells: what was before is not known, or in the ring of another one.
Result<void> Events::open() {
    if (topic_.is_open()) return {};
    if (auto opened = topic_.open(); !opened) {
        if (!std::exchange(complained_, true)) log::warning(topic_.name() + ": nothing is told there: " + opened.error().what());
        return opened.error();
    }
    complained_ = false;
    auto first = event(beginning_);
    set_time(first, began_ns_);
    first.set_text("busd[" + std::to_string(::getpid()) + "] serves, generation " + std::to_string(state_.objects.generation()));
    topic_.publish(first);
    return {};
}

void Events::look_again() {
    if (!topic_.is_open() && topic_.is_wanted()) (void)open();
}

void Events::took_over() {
    beginning_ = Event::broker_took_over;
    last_id_ = state_.ids.last();
    if (topic_.is_wanted()) (void)open();
}

void Events::ends(std::string_view how) {
    if (!topic_.is_open()) return;
    auto ending = event(Event::broker_ending);
    ending.set_text("busd[" + std::to_string(::getpid()) + "] " + std::string(how));
    topic_.publish(ending);
}

void Events::segment_removed(int segment) {
    if (topic_.give_up_ring_in(segment) && topic_.is_wanted()) (void)open();
}

// ---- requests -----------------------------------------------------------------------------------------------------------------

Result<void> Events::request_begins(Session const& session, v1::Request const& request) {
    last_id_ = state_.ids.last();
    removes_ = request.has_remove_topic();
    if (!session.live() || !request.has_create_subscription()) return {};
    auto const& pattern = request.create_subscription().pattern();
    if (!topic_.is_meant_by(pattern)) return {};
    auto const opened = open();
    return pattern == topic_.name() ? opened : Result<void>();
}

void Events::request_ends(Session const& session, v1::Request const& request, Result<Made> const& result) {
    if (topic_.is_open()) {
        if (result)
            tell_came(session, request, *result);
        else if (session.live())
            tell_refused(session, request, result.error());
        if (!result) topic_.close_if_unwanted();
    }
    last_id_ = state_.ids.last();
    removes_ = false;
}

void Events::tell_came(Session const& session, v1::Request const& request, Made const& made) {
    if (made.id == 0 || is_reserved(name_in(request))) return;
    auto const* const topic = state_.topics.find(name_in(request));
    if (topic != nullptr) tell_topic_made(*topic);
    auto came = event(Event::client_came, session);
    came.set_topic(name_in(request));
    if (request.has_attach()) {
        came.set_count(count_live(state_));
    } else if (request.has_create_publisher()) {
        came.set_kind(Event::publisher_came);
        came.set_publisher(made.id);
        came.set_type(text_of(request.create_publisher().type().name()));
        if (topic != nullptr) came.set_count(topic->live_rings);
    } else if (request.has_create_subscription()) {
        auto const& wanted = request.create_subscription();
        came.set_kind(Event::subscriber_came);
        came.set_reader(reader_of(static_cast<shm::ReaderKind>(wanted.kind())));
        if (!wanted.any()) came.set_type(text_of(wanted.type().name()));
        if (topic != nullptr) came.set_count(readers_of(*topic));
    } else {
        return;
    }
    topic_.publish(came);
}

void Events::tell_topic_made(Topic const& topic) {
    if (topic.id <= last_id_) return;
    auto made = event(Event::topic_made);
    made.set_topic(topic.name);
    made.set_type(text_of(topic.type.name));
    topic_.publish(made);
}

void Events::tell_refused(Session const& session, v1::Request const& request, Error const& why) {
    auto refused = event(Event::refused, session);
    refused.set_topic(text_of(name_in(request)));
    refused.set_code(std::string(to_string(why.code())));
    refused.set_text(text_of(shown(why)));
    topic_.publish(refused);
}

// ---- what goes ----------------------------------------------------------------------------------------------------------------

void Events::client_left(Session const& session, How how, std::string_view why) {
    if (!topic_.is_open() || !session.live()) return;
    auto left = event(Event::client_left, session);
    left.set_how(how);
    left.set_text(text_of(why));
    left.set_count(count_live(state_) - 1);
    topic_.publish(left);
}

void Events::evicted(Session const& session, Session const& by) {
    if (!topic_.is_open() || !session.live()) return;
    auto evicted = event(Event::evicted, session);
    evicted.set_text(text_of("by " + by.name + " (client " + std::to_string(by.id) + ")"));
    topic_.publish(evicted);
}

void Events::publisher_left(Ring const& ring) {
    if (!topic_.is_open()) return;
    auto const& topic = state_.topics.at(ring.topic);
    if (is_reserved(topic.name)) return;
    auto left = event(Event::publisher_left);
    if (auto const* const session = state_.sessions.find(ring.session_id)) set_client(*left.mutable_client(), state_, *session);
    left.set_topic(topic.name);
    left.set_type(text_of(topic.type.name));
    left.set_publisher(ring.id);
    left.set_count(topic.live_rings);
    topic_.publish(left);
}

void Events::subscriber_left(Subscription const& subscription) {
    if (!topic_.is_open()) return;
    if (is_reserved(subscription.pattern)) return topic_.close_if_unwanted();
    auto left = event(Event::subscriber_left);
    if (auto const* const session = state_.sessions.find(subscription.session_id)) set_client(*left.mutable_client(), state_, *session);
    left.set_topic(subscription.pattern);
    left.set_type(text_of(subscription.type));
    left.set_reader(reader_of(subscription.kind));
    if (auto const* const topic = state_.topics.find(subscription.pattern); subscription.named)
        left.set_count(topic == nullptr ? 0 : readers_of(*topic));
    topic_.publish(left);
}

void Events::topic_gone(Topic const& topic) {
    if (!topic_.is_open() || is_reserved(topic.name) || topic.id > last_id_) return;  // one that a refused request had made was never told
    auto gone = event(Event::topic_gone);
    gone.set_topic(topic.name);
    gone.set_type(text_of(topic.type.name));
    gone.set_how(removes_ ? Event::was_removed : Event::was_unused);
    topic_.publish(gone);
}

}  // namespace bus::broker

// What busd tells of itself on `$bus/events` (proto/bus/v1/events.proto): who came, who left and how, what was refused.
//
// Each function is called where the thing happens, and costs one comparison while nobody is subscribed. Of the bus's own topics nothing is
// told: who listens would hear itself.
#pragma once

#include <bus/v1/control.pb.h>
#include <bus/v1/events.pb.h>

#include "made.hpp"
#include "own_topic.hpp"
#include "session_table.hpp"
#include "topic_table.hpp"

namespace bus::broker {

class Events {
public:
    using How = v1::Event::How;

    explicit Events(State& state);

    /// busd goes on where another one ended, and knows by now who is subscribed.
    void took_over();
    void ends(std::string_view how);

    /// Somebody removed that segment; where our ring lay in it another one is made.
    void segment_removed(int segment);

    /// Once a second: where there was no room to tell anything, and somebody still listens, there may be some now.
    void look_again();

    /// Around each request: what it made is told, and a refusal. Errors: limit: it subscribes to the events by name, and there is no room
    /// for the ring; it must not be carried out then.
    Result<void> request_begins(Session const& session, v1::Request const& request);
    void request_ends(Session const& session, v1::Request const& request, Result<Made> const& result);

    /// Before it loses what it has. An offer that nobody took tells nothing.
    void client_left(Session const& session, How how, std::string_view why = {});
    void evicted(Session const& session, Session const& by);
    void publisher_left(Ring const& ring);
    /// After its entry is gone. The last one that listened takes the topic of the events along.
    void subscriber_left(Subscription const& subscription);
    void topic_gone(Topic const& topic);

private:
    v1::Event event(v1::Event::Kind kind) const;
    v1::Event event(v1::Event::Kind kind, Session const& session) const;
    Result<void> open();
    void tell_came(Session const& session, v1::Request const& request, Made const& made);
    void tell_topic_made(Topic const& topic);
    void tell_refused(Session const& session, v1::Request const& request, Error const& why);

    State& state_;
    OwnTopic topic_;
    v1::Event::Kind beginning_ = v1::Event::broker_started;
    std::int64_t began_ns_;
    std::uint64_t last_id_;    // before the request that is being carried out: what has a higher one was made by it
    bool removes_ = false;     // it is an operator's RemoveTopic
    bool complained_ = false;  // that there is no room was logged
};

}  // namespace bus::broker

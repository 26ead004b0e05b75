// A topic that busd itself publishes on: a ring of its own, which is there only while somebody is subscribed to it.
//
// It is a ring like any other, but no session's. busd waits for nobody: reliable subscriptions to such names are refused
// (subscribing.cpp), so the ring is never full. And if we die here? The ring is one whose publisher has gone: the next busd leaves it to
// its readers, and makes another one.
#pragma once

#include <google/protobuf/message.h>

#include <bus/error.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "ring_table.hpp"
#include "shm/ring_writer.hpp"
#include "shm/sleepers.hpp"

namespace bus::broker {

struct State;

class OwnTopic {
public:
    OwnTopic(State& state, std::string name, google::protobuf::Descriptor const& type)
        : state_(state), name_(std::move(name)), type_(type) {}
    OwnTopic(OwnTopic const&) = delete;
    OwnTopic& operator=(OwnTopic const&) = delete;

    bool is_open() const noexcept { return ring_id_ != 0; }
    std::string const& name() const noexcept { return name_; }
    bool is_meant_by(std::string_view pattern) const;
    bool is_wanted() const;
    /// Makes ring and topic, for those who are subscribed by now. Errors: limit; schema_mismatch: somebody gave the topic another type.
    Result<void> open();
    /// Takes them away where nobody is subscribed any more.
    void close_if_unwanted();
    /// Somebody removed a segment. Returns: whether the ring lay in it: then it is left to those who have it mapped; open() makes another.
    bool give_up_ring_in(int segment);
    /// Writes a message and rings its readers. One that is too long for the ring is dropped. Nothing where the topic is not open.
    void publish(google::protobuf::Message const& message);

private:
    void close();
    Result<Ring*> make_ring(std::string_view set);
    void ring_readers(Ring const& ring);

    State& state_;
    std::string name_;
    google::protobuf::Descriptor const& type_;
    std::uint64_t ring_id_ = 0;
    shm::RingWriter<> writer_;
    std::map<std::uint64_t, shm::Bellringer> bells_;  // by session: each sleep is rung once
};

}  // namespace bus::broker

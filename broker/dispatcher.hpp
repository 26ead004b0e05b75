// Requests: frames out of the queues, whole messages out of frames, answers into the lobbies.
//
// A request is carried out once: the session's entry keeps the number of the last one and its result. If we die between doing and noting,
// the next busd finds what was made (its request number is above the noted one), removes it, and does it when it is asked again.
#pragma once

#include <cstddef>
#include <vector>

#include "state.hpp"

namespace bus::broker {

class Dispatcher {
public:
    explicit Dispatcher(State& state);

    /// Looks into every queue, at most kPerTurn messages each. Returns: whether one of them may have more.
    bool turn();
    /// Tries again what the lobbies had no room for. Returns: whether something still waits.
    bool send_waiting();

    static constexpr std::size_t kPerTurn = 32;

private:
    template <class Handle>
    bool drain(sys::Queue queue, Handle&& handle);
    void from_stranger(wire::Frame const& frame);
    void from_user(std::uint32_t user_index, wire::Frame const& frame);
    void carry_out(Session& session, v1::Request const& request);
    void answer(Session& session, v1::Answer answer);

    State& state_;
    std::vector<std::byte> buffer_;
};

}  // namespace bus::broker

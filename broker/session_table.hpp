// The sessions: what busd knows of each client beyond what the directory says.
#pragma once

#include <bus/v1/control.pb.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "shm/cursors.hpp"
#include "shm/directory_layout.hpp"
#include "sys/fifo.hpp"
#include "sys/shared_segment.hpp"
#include "user_table.hpp"
#include "wire/control.hpp"

namespace bus::broker {

/// Which cursors of a session's segment are in use.
class CursorPlaces {
public:
    explicit CursorPlaces(std::uint32_t count = 0) : count_(count) {}
    std::optional<std::uint32_t> take();
    void take_this(std::uint32_t cursor) { taken_.insert(cursor); }
    void give_back(std::uint32_t cursor) { taken_.erase(cursor); }
    std::size_t available() const noexcept { return count_ - taken_.size(); }
    std::uint32_t count() const noexcept { return count_; }

private:
    std::uint32_t count_;
    std::uint32_t next_ = 0;  // round robin: a cursor just given back is the last to be used again
    std::set<std::uint32_t> taken_;
};

struct Session {
    std::uint32_t index = 0;  // of the SessionEntry, and of its token
    std::uint64_t id = 0;
    User* user = nullptr;
    shm::SessionState state = shm::SessionState::offered;
    std::string name;
    std::uint64_t nonce = 0;        // of the Hello; offered only
    sys::Deadline offered_until{};  // offered only
    shm::Cookie cookie{};
    shm::ObjectRef cursors{-1, 0, {}};
    sys::SegmentMapping cursors_mapping;
    shm::CursorsView cursors_view;
    CursorPlaces cursor_places;
    BellPlace bells;
    std::optional<sys::FifoWriter> fifo;           // live only
    bool fifo_broken = false;                      // nobody reads it any more
    bool token_lost = false;                       // its token set was removed by somebody: the FIFO alone tells
    bool token_ours = false;                       // busd has taken it: the session ends
    std::set<std::uint32_t> rings, subscriptions;  // indices

    wire::Reassembly parts;          // of the request that is coming in
    std::uint64_t last_request = 0;  // number of the last one carried out
    v1::Answer last_answer;          // to it
    std::deque<wire::Mail> outbox;   // answers the lobby had no room for

    bool live() const noexcept { return state == shm::SessionState::live; }
};

std::string fifo_name(std::uint64_t session_id);

class SessionTable {
public:
    Session* find(std::uint64_t session_id);
    Session* at(std::uint32_t index);
    Session& add(std::unique_ptr<Session> session);
    void remove(Session& session);
    std::map<std::uint32_t, std::unique_ptr<Session>>& all() noexcept { return sessions_; }
    std::size_t size() const noexcept { return sessions_.size(); }

private:
    std::map<std::uint32_t, std::unique_ptr<Session>> sessions_;  // by index
    std::unordered_map<std::uint64_t, std::uint32_t> index_of_;   // by id
};

}  // namespace bus::broker

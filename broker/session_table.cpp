// Sessions by index and by id.
#include "session_table.hpp"

#include <array>
#include <charconv>

namespace bus::broker {

std::optional<std::uint32_t> CursorPlaces::take() {
    for (std::uint32_t step = 0; step < count_; ++step) {
        std::uint32_t const cursor = (next_ + step) % count_;
        if (!taken_.insert(cursor).second) continue;
        next_ = (cursor + 1) % count_;
        return cursor;
    }
    return std::nullopt;
}

std::string fifo_name(std::uint64_t session_id) {
    std::array<char, 16> digits{};
    auto const end = std::to_chars(digits.data(), digits.data() + digits.size(), session_id, 16).ptr;
    return std::string(digits.data(), end);
}

Session* SessionTable::find(std::uint64_t session_id) {
    auto const found = index_of_.find(session_id);
    return found == index_of_.end() ? nullptr : at(found->second);
}

Session* SessionTable::at(std::uint32_t index) {
    auto const found = sessions_.find(index);
    return found == sessions_.end() ? nullptr : found->second.get();
}

Session& SessionTable::add(std::unique_ptr<Session> session) {
    auto& added = *session;
    index_of_[added.id] = added.index;
    added.user->sessions.insert(added.index);
    sessions_[added.index] = std::move(session);
    return added;
}

void SessionTable::remove(Session& session) {
    session.user->sessions.erase(session.index);
    session.user->idle_since = sys::steady_now();
    index_of_.erase(session.id);
    sessions_.erase(session.index);
}

}  // namespace bus::broker

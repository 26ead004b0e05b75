// Users: objects first, the entry that names them after; the other way round at the end.
#include "user_table.hpp"

#include <algorithm>
#include <utility>

#include "shm/sleepers.hpp"
#include "sys/process.hpp"

namespace bus::broker {
namespace {

sys::Ownership owned_by(std::uint32_t uid, mode_t mode) { return {uid, sys::effective_gid(), mode}; }
std::string of_uid(char const* what, std::uint32_t uid) { return std::string(what) + " of uid " + std::to_string(uid); }

}  // namespace

User* UserTable::find(std::uint32_t uid) {
    auto const found = std::ranges::find_if(users_, [&](auto const& entry) { return entry.second->uid == uid; });
    return found == users_.end() ? nullptr : found->second.get();
}

std::size_t UserTable::unproven() const {
    return static_cast<std::size_t>(std::ranges::count_if(users_, [](auto const& entry) { return !entry.second->proven; }));
}

Result<User*> UserTable::create(std::uint32_t uid) {
    auto const index = directory_.find_free<shm::UserEntry>();
    if (!index) return index.error();
    auto const lobby = objects_.create_queue(shm::ObjectKind::lobby, owned_by(uid, 0600), of_uid("lobby", uid));
    if (!lobby) return lobby.error();
    auto user = std::make_unique<User>();
    user->index = *index;
    user->uid = uid;
    user->subject.uid = uid;
    user->lobby = *lobby;
    user->idle_since = sys::steady_now();
    write(*user);
    return (users_[*index] = std::move(user)).get();
}

void UserTable::write(User const& user) {
    directory_.change<shm::UserEntry>(user.index, [&](shm::UserEntry& entry) {
        entry.uid = user.uid;
        entry.lobby = user.lobby;
        entry.requests = user.requests;
        entry.tokens = user.tokens;
        entry.attention = user.attention;
        entry.head.state = static_cast<std::uint32_t>(shm::UserState::admitted);
    });
    directory_.raise_epoch();
}

// The sessions there are hold tokens of the set before, which was removed: in this one nobody has theirs, and nobody may take them.
Result<shm::ObjectRef> UserTable::make_tokens(User const& user) {
    std::vector<sys::SemaphoreValue> tokens(directory_.view().capacity<shm::SessionEntry>(), 1);
    for (auto const slot : user.sessions) tokens[slot] = 0;
    return objects_.create_set(shm::ObjectKind::tokens, tokens, owned_by(user.uid, 0644), of_uid("tokens", user.uid));
}

Result<shm::ObjectRef> UserTable::make_attention(std::uint32_t uid) {
    SegmentOrder const order{
        shm::ObjectKind::attention, shm::SegmentKind::attention, shm::attention_segment_bytes(), owned_by(uid, 0644), uid,
        of_uid("attention", uid)};
    auto made = objects_.create_segment(order);
    if (!made) return made.error();
    return made->ref;
}

Result<void> UserTable::replace_attention(User& user) {
    auto const made = make_attention(user.uid);
    if (!made) return made.error();
    user.attention = *made;
    write(user);
    return {};
}

Result<void> UserTable::complete(User& user) {
    if (user.complete()) return {};
    auto const requests = objects_.create_queue(shm::ObjectKind::requests, owned_by(user.uid, 0600), of_uid("requests", user.uid));
    if (!requests) return requests.error();
    auto const tokens = make_tokens(user);
    if (!tokens) {
        objects_.remove(*requests);
        return tokens.error();
    }
    auto const attention = make_attention(user.uid);
    if (!attention) {
        objects_.remove(*requests);
        objects_.remove(*tokens);
        return attention.error();
    }
    user.requests = *requests;
    user.tokens = *tokens;
    user.attention = *attention;
    write(user);
    return {};
}

Result<BellPlace> UserTable::bells(User& user, std::uint32_t session_index) {
    auto const block = session_index / kSessionsPerBellSet;
    auto const base = session_index % kSessionsPerBellSet * shm::kWaitersPerSession;
    auto const found = user.bells.find(block);
    if (found != user.bells.end() && is_there(shm::ObjectKind::bells, found->second)) return BellPlace{found->second, base};
    std::vector<sys::SemaphoreValue> const silent(kSessionsPerBellSet * shm::kWaitersPerSession, 0);
    auto const set = objects_.create_set(shm::ObjectKind::bells, silent, owned_by(user.uid, 0600), of_uid("bells", user.uid));
    if (!set) return set.error();
    user.bells[block] = *set;
    return BellPlace{*set, base};
}

void UserTable::remove(User& user) {
    directory_.free<shm::UserEntry>(user.index);
    directory_.raise_epoch();
    for (auto const& ref : {user.lobby, user.requests, user.tokens, user.attention}) objects_.remove(ref);
    for (auto const& [block, ref] : user.bells) objects_.remove(ref);
    users_.erase(user.index);
}

User& UserTable::adopt(std::uint32_t index, shm::UserEntry const& entry) {
    auto user = std::make_unique<User>();
    user->index = index;
    user->uid = entry.uid;
    user->subject.uid = entry.uid;
    user->lobby = entry.lobby;
    user->requests = entry.requests;
    user->tokens = entry.tokens;
    user->attention = entry.attention;
    user->idle_since = sys::steady_now();
    return *(users_[index] = std::move(user));
}

// Said before the entry names the new set: if we die here the next busd makes another one.
void UserTable::lose_tokens(User& user) {
    user.tokens_kept.clear();
    for (auto const slot : user.sessions)
        directory_.change<shm::SessionEntry>(slot, [](shm::SessionEntry& entry) { entry.token_lost = 1; });
}

Result<bool> UserTable::replace_missing(User& user) {
    bool const lobby = !is_there(shm::ObjectKind::lobby, user.lobby);
    bool const requests = user.complete() && !is_there(shm::ObjectKind::requests, user.requests);
    bool const tokens = user.complete() && !is_there(shm::ObjectKind::tokens, user.tokens);
    if (!lobby && !requests && !tokens) return false;
    std::vector<shm::ObjectRef> removed;
    auto const put = [&](shm::ObjectRef& ref, Result<shm::ObjectRef> made) -> Result<void> {
        if (!made) return made.error();
        removed.push_back(std::exchange(ref, *made));
        return {};
    };
    Result<void> done;
    if (lobby) done = put(user.lobby, objects_.create_queue(shm::ObjectKind::lobby, owned_by(user.uid, 0600), of_uid("lobby", user.uid)));
    if (done && requests) {
        done = put(user.requests, objects_.create_queue(shm::ObjectKind::requests, owned_by(user.uid, 0600), of_uid("requests", user.uid)));
    }
    if (done && tokens) done = put(user.tokens, make_tokens(user));
    if (done && tokens) lose_tokens(user);
    write(user);
    // Last: if we die here the next busd, which adopts no user whose objects the registry does not know, removes them.
    for (auto const& ref : removed) objects_.remove(ref);
    if (!done) return done.error();
    return true;
}

}  // namespace bus::broker

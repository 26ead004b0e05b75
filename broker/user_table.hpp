// One record for each uid that said hello: its lobby, its request queue, its tokens, its bells.
//
// A stranger may claim any uid in a Hello. So a uid gets a lobby first, which only that uid can read; how many uids may have one without
// ever having attached is limited, and what nobody used is removed after a while. The rest is made when the first offer is.
#pragma once

#include <bus/error.hpp>
#include <deque>
#include <map>
#include <memory>
#include <set>

#include "object_store.hpp"
#include "rules.hpp"
#include "shm/directory_writer.hpp"
#include "sys/clock.hpp"
#include "sys/message_queue.hpp"
#include "wire/control.hpp"

namespace bus::broker {

inline constexpr std::uint32_t kSessionsPerBellSet = 64;

struct User {
    std::uint32_t index = 0;  // of the UserEntry
    std::uint32_t uid = 0;
    Subject subject;
    shm::ObjectRef lobby{-1, 0, {}}, requests{-1, 0, {}}, tokens{-1, 0, {}}, attention{-1, 0, {}};
    std::map<std::uint32_t, shm::ObjectRef> bells;  // by block of sessions
    std::set<std::uint32_t> sessions;               // indices
    std::set<std::uint32_t> tokens_kept;            // of free slots: busd could not give them back
    bool proven = false;                            // has attached once: somebody of that uid is really there
    sys::Deadline idle_since{};                     // no session since then
    std::deque<wire::Mail> outbox;                  // offers the lobby had no room for
    struct Posted {
        std::uint64_t nonce = 0;
        sys::Deadline until{};
    };
    std::deque<Posted> posted;  // offers and refusals nobody is known to have read; taken out of the lobby again in time

    bool complete() const noexcept { return requests.id >= 0; }
    sys::Queue lobby_queue() const noexcept { return sys::Queue(lobby.id); }
    sys::Queue request_queue() const noexcept { return sys::Queue(requests.id); }
    sys::SemaphoreSet token_set() const noexcept { return sys::SemaphoreSet(tokens.id); }
};

struct BellPlace {
    shm::ObjectRef set;
    std::uint32_t base = 0;
};

class UserTable {
public:
    UserTable(shm::DirectoryWriter& directory, ObjectStore& objects) : directory_(directory), objects_(objects) {}

    User* find(std::uint32_t uid);
    User& at(std::uint32_t index) { return *users_.at(index); }
    /// A new uid with a lobby only. Errors: limit.
    Result<User*> create(std::uint32_t uid);
    /// Makes what a session needs: request queue, tokens, attention counters. Does nothing where they are.
    Result<void> complete(User& user);
    /// Where the bells of that session are. Errors: limit.
    Result<BellPlace> bells(User& user, std::uint32_t session_index);
    void remove(User& user);
    /// What an earlier busd made.
    User& adopt(std::uint32_t index, shm::UserEntry const& entry);
    /// Makes a queue or token set anew that somebody removed behind our back; its clients find it in the directory. Errors: limit.
    Result<bool> replace_missing(User& user);
    /// Attention counters anew; the old ones were removed and no session uses them any more. Errors: limit.
    Result<void> replace_attention(User& user);

    std::size_t unproven() const;
    std::map<std::uint32_t, std::unique_ptr<User>>& all() noexcept { return users_; }

private:
    Result<shm::ObjectRef> make_tokens(User const& user);
    void lose_tokens(User& user);
    Result<shm::ObjectRef> make_attention(std::uint32_t uid);
    void write(User const& user);

    shm::DirectoryWriter& directory_;
    ObjectStore& objects_;
    std::map<std::uint32_t, std::unique_ptr<User>> users_;  // by index
};

}  // namespace bus::broker

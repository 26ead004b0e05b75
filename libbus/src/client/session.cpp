// What a client owns, and how it is given back.
#include "client/session.hpp"

namespace bus::client {

std::span<shm::AttentionCounter> Session::attention() const noexcept {
    auto const bytes = parts_.attention->writable_bytes();
    if (bytes.size() < sizeof(shm::AttentionSegment)) return {};
    return reinterpret_cast<shm::AttentionSegment*>(bytes.data())->counters;
}

void Session::end() noexcept {
    parts_.cursors.reset();
    parts_.attention.reset();
    parts_.token.give_back();
}

Result<Token> Token::take(sys::SemaphoreSet set, unsigned index) {
    auto taken = set.try_acquire(index, 1, sys::Undo::yes);
    if (!taken) return taken.error();
    return Token(set, index);
}

Token& Token::operator=(Token&& other) noexcept {
    if (this == &other) return *this;
    give_back();
    set_ = other.set_;
    index_ = other.index_;
    guard_ = other.guard_;
    held_ = std::exchange(other.held_, false);
    return *this;
}

void Token::give_back() noexcept {
    // Undo::yes takes back what the kernel would undo. Where the set has gone there is nothing to give back.
    if (std::exchange(held_, false) && !guard_.in_child()) (void)set_.post(index_, 1, sys::Undo::yes);
}

}  // namespace bus::client

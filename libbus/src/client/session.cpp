// What a client owns, and how it is given back.
#include "client/session.hpp"

namespace bus::client {

namespace {
constexpr int kGiveBackTries = 8;
}

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
    if (!std::exchange(held_, false) || guard_.in_child()) return;
    // Undo::yes takes back what the kernel would undo; without, the kernel would give back, at our end, a token that is somebody else's by
    // then. Where the set has gone there is nothing to give back. What is not given back at last (no memory) holds its slot until our end:
    // busd has fenced the session off by then.
    for (int i = 0; i < kGiveBackTries; ++i)
        if (set_.post(index_, 1, sys::Undo::yes)) return;
}

}  // namespace bus::client

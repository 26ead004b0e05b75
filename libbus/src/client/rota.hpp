// Whose turn it is: merges the rings of a subscription fairly, however many they are.
//
// It stays with one ring for a few messages, then goes on to the next that has some; a ring that was left is read to its end at once. Rings
// that spoke lately are active and looked at each time. Of the others, the cold ones, a few are looked at whenever the turn changes, and
// all of them before it says that nothing is there. So thousands of quiet rings cost a busy one next to nothing. There may be as many
// active ones as there are rings: each message makes at most one active, and that one is cold again after kQuietLooks looks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "client/inlet.hpp"

namespace bus::client {

/// Threads: one at a time (the subscriber's lock).
class Rota {
public:
    using Inlets = std::vector<std::unique_ptr<Inlet>>;

    explicit Rota(Inlets const& inlets) : inlets_(inlets) {}

    /// glance: the active ones and a few of the others, for who looks again at once.
    enum class Effort { glance, all };
    /// The ring to take the next message from; null: none has one, as far as it looked.
    Inlet* next(Effort effort) noexcept {
        if (inlets_.size() == 1) [[likely]]
            return only_one();
        return next_of_many(effort);
    }
    /// Rings came or went: all are cold. Never allocates afterwards.
    void begin_anew();

private:
    static constexpr std::uint32_t kBurst = 16;       // messages of one ring in a row, where others have some
    static constexpr std::size_t kColdLooks = 8;      // at each change of turn
    static constexpr std::size_t kFew = 16;           // so few rings may be active for ever
    static constexpr std::uint32_t kQuietLooks = 64;  // without a message: then it is cold

    Inlet* only_one() noexcept {
        auto* const only = inlets_.front().get();
        if (only->has_news()) return only;
        only->reader().prefetch_next();
        return nullptr;
    }
    Inlet* next_of_many(Effort effort) noexcept;
    Inlet* turn_to(Inlet& inlet) noexcept;
    Inlet* look_at_cold(std::size_t count) noexcept;
    Inlet* look_at_active() noexcept;

    Inlets const& inlets_;
    std::vector<Inlet*> active_;
    Inlet* current_ = nullptr;
    std::size_t turn_ = 0;  // of the active ones
    std::size_t cold_ = 0;  // place in inlets_ where the next look at cold ones begins
    std::uint32_t burst_ = 0;
};

}  // namespace bus::client

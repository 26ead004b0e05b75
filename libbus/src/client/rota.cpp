// Taking turns.
#include "client/rota.hpp"

#include <algorithm>

namespace bus::client {

// The cold ones go on where they were: who comes first in the list must not be heard first after each change.
void Rota::begin_anew() {
    for (auto const& inlet : inlets_) inlet->active = false;
    active_.clear();
    active_.reserve(inlets_.size());
    current_ = nullptr;
    turn_ = 0;
    burst_ = 0;
}

Inlet* Rota::turn_to(Inlet& inlet) noexcept {
    current_ = &inlet;
    burst_ = 1;
    return current_;
}

Inlet* Rota::next_of_many(Effort effort) noexcept {
    if (current_ != nullptr && (burst_ < kBurst || current_->left()) && current_->has_news()) {
        ++burst_;
        return current_;
    }
    if (auto* const found = look_at_cold(kColdLooks)) return turn_to(*found);
    if (auto* const found = look_at_active()) return turn_to(*found);
    if (current_ != nullptr && current_->has_news()) return turn_to(*current_);  // before the many: they had their few looks
    if (effort == Effort::all)
        if (auto* const found = look_at_cold(inlets_.size())) return turn_to(*found);
    return nullptr;
}

Inlet* Rota::look_at_cold(std::size_t count) noexcept {
    for (std::size_t looks = std::min(count, inlets_.size()); looks > 0; --looks) {
        if (cold_ >= inlets_.size()) cold_ = 0;
        auto& inlet = *inlets_[cold_++];
        if (inlet.active || &inlet == current_ || !inlet.has_news()) continue;
        inlet.active = true;
        inlet.quiet_looks = 0;
        active_.push_back(&inlet);
        return &inlet;
    }
    return nullptr;
}

Inlet* Rota::look_at_active() noexcept {
    for (std::size_t looks = active_.size(); looks > 0; --looks) {
        if (turn_ >= active_.size()) turn_ = 0;
        auto& inlet = *active_[turn_];
        if (inlet.has_news()) {
            inlet.quiet_looks = 0;
            ++turn_;
            if (&inlet == current_ && active_.size() > 1) continue;  // its turn is just over
            return &inlet;
        }
        if (inlets_.size() > kFew && ++inlet.quiet_looks >= kQuietLooks) {
            inlet.active = false;
            active_[turn_] = active_.back();
            active_.pop_back();
        } else {
            ++turn_;
        }
    }
    return nullptr;
}

}  // namespace bus::client

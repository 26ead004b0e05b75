// Loans, and several messages with one commit.
#include <cstring>

#include "client/publisher_state.hpp"

namespace bus::client {

namespace {

constexpr std::size_t kLoanAlign = detail::kPayloadAlign;

std::size_t bytes_at(detail::Batch const& batch, std::size_t index) {
    return batch.message_at != nullptr ? batch.message_at(batch.first, index).ByteSizeLong() : batch.bytes_at(batch.first, index).size();
}

bool write_at(detail::Batch const& batch, std::size_t index, std::byte* to, std::size_t bytes) {
    if (batch.message_at != nullptr) {
        auto* const begin = reinterpret_cast<std::uint8_t*>(to);
        return batch.message_at(batch.first, index).SerializeWithCachedSizesToArray(begin) == begin + bytes;
    }
    if (bytes != 0) std::memcpy(to, batch.bytes_at(batch.first, index).data(), bytes);
    return true;
}

}  // namespace

// Room for all of them is asked for as one record; it holds for the single ones then, with the paddings a quarter can need at most twice
// over: RingWriter grants up to half of the ring.
Result<std::uint64_t> PublisherState::publish(detail::Batch const& batch) {
    if (batch.count == 0) return Error(Errc::invalid, "an empty batch on " + topic_);
    std::size_t total = 0;
    for (std::size_t i = 0; i < batch.count; ++i) {
        if (batch.message_at != nullptr && !batch.message_at(batch.first, i).IsInitialized())
            return Error(Errc::invalid, "message " + std::to_string(i) + " of a batch on " + topic_ + " lacks required fields");
        total += shm::record_bytes(bytes_at(batch, i), 0);
    }
    if (total - sizeof(shm::RecordHead) > max_bytes_) return too_large(total - sizeof(shm::RecordHead));
    if (!try_enter())
        if (auto entered = enter_slowly(); !entered) return entered.error();
    auto const all = reserve(total, 0, shm::kRecordAlign);
    Result<std::uint64_t> sequence = writer_.sequence();
    if (!all) {
        sequence = all.error();
    } else if (*all == nullptr) {
        for (std::size_t i = 1; i < batch.count; ++i) writer_.drop();  // the first was dropped by reserve()
        dropped_.store(dropped_before_ + writer_.dropped(), std::memory_order_relaxed);
        sequence = writer_.sequence();
    } else {
        writer_.cancel();
        sequence = append_all(batch);
    }
    leave();
    return sequence;
}

Result<std::uint64_t> PublisherState::append_all(detail::Batch const& batch) {
    auto const stamps = stamper_.now();
    for (std::size_t i = 0; i < batch.count; ++i) {
        auto const bytes = bytes_at(batch, i);
        auto* const to = writer_.try_reserve(bytes);
        if (to == nullptr || !write_at(batch, i, to, bytes)) {
            writer_.rollback();
            return Error(Errc::invalid, "a batch on " + topic_ + " was changed by another thread while it was published");
        }
        writer_.append(bytes, stamps);
    }
    writer_.flush();
    after_commit();
    return writer_.sequence();
}

Result<std::span<std::byte>> PublisherState::borrow(std::size_t bytes) {
    if (bytes > max_bytes_) return too_large(bytes);
    if (!try_enter())
        if (auto entered = enter_slowly(); !entered) return entered.error();
    auto const to = reserve(bytes, 0, kLoanAlign);
    if (!to || *to == nullptr) {
        leave();
        return to ? Error(Errc::would_block) : to.error();  // dropped: there is no room to lend, and the number is used up
    }
    lock_.lend();
    return std::span(*to, bytes);
}

Result<std::uint64_t> PublisherState::commit_loan(std::size_t used_bytes) {
    if (is_closed() || core_->is_closed()) {  // the loan has the lock
        auto const why = guard_.in_child() ? Core::closed_by_fork() : closed_locked();
        cancel_loan();
        return why;
    }
    auto const sequence = commit(used_bytes);
    leave();
    return sequence;
}

void PublisherState::cancel_loan() noexcept {
    writer_.cancel();
    leave();
}

}  // namespace bus::client

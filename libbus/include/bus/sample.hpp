// One received message.
#pragma once

#include <bus/options.hpp>
#include <bus/payload.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace bus {

/// Where a message came from and what is missing before it.
struct Info {
    std::uint64_t sequence = 0;     // 1, 2, 3 ... of this publisher
    std::uint64_t lost_before = 0;  // of this publisher, between the last delivered and this one
    PublisherId publisher = 0;
    SentTime sent = {};           // the sender's wall clock; zero where the publisher does not stamp
    Deadline sent_steady = {};    // the same on the monotonic clock: latency = now - sent_steady
    std::string_view topic = {};  // lives as long as the Sample
    std::optional<Origin> origin = {};
};

namespace detail {

/// A message in the pool of its subscriber. The library makes it; here only so that looking into a Sample is a load.
struct SampleBlock {
    Info info;
    std::span<std::byte const> bytes;
    void const* message = nullptr;  // a google::protobuf::Message, a Bytes, an Any, or the plain struct itself
};

/// Hands a block back to its pool: one compare-and-swap, from any thread, also after the pool's subscriber has gone.
void give_back(SampleBlock* block) noexcept;
struct GiveBack {
    void operator()(SampleBlock* block) const noexcept { give_back(block); }
};
using SamplePointer = std::unique_ptr<SampleBlock, GiveBack>;

}  // namespace detail

/// One received message: a move-only value. It may outlive its Subscriber and its Connection and may change threads.
///
/// Life time: all that its functions return lives as long as the Sample.
template <Payload T>
class Sample {
public:
    explicit Sample(detail::SamplePointer block) noexcept : block_(std::move(block)) {}
    Sample(Sample&&) noexcept = default;
    Sample& operator=(Sample&&) noexcept = default;

    /// The message, parsed already.
    T const& message() const noexcept {
        if constexpr (ProtoType<T>)
            return static_cast<T const&>(*static_cast<google::protobuf::Message const*>(block_->message));
        else
            return *static_cast<T const*>(block_->message);
    }
    /// The message as it was published.
    std::span<std::byte const> bytes() const noexcept { return block_->bytes; }
    Info const& info() const noexcept { return block_->info; }

private:
    detail::SamplePointer block_;
};

}  // namespace bus

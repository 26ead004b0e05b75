// Publishing: room, bytes, commit, bells.
#include "client/publisher_state.hpp"

#include <cstring>

#include "client/origin.hpp"
#include "client/topic_requests.hpp"

namespace bus::client {

namespace {

constexpr std::size_t kLargestProto = (std::size_t{1} << 31) - 1;

// A quarter of the ring is the record with its head.
std::size_t max_bytes_of(std::uint64_t capacity) { return capacity / 4 - sizeof(shm::RecordHead); }

bool write_message(google::protobuf::MessageLite const& message, std::byte* to, std::size_t bytes) {
    auto* const begin = reinterpret_cast<std::uint8_t*>(to);
    return message.SerializeWithCachedSizesToArray(begin) == begin + bytes;
}

// Sizes first: they are cached in the message and used by the write.
Result<std::size_t> size_of(google::protobuf::MessageLite const& message) {
    if (!message.IsInitialized())
        return Error(Errc::invalid, message.GetTypeName() + " lacks required fields: " + message.InitializationErrorString());
    auto const bytes = message.ByteSizeLong();
    if (bytes > kLargestProto)
        return Error(Errc::invalid, message.GetTypeName() + " of " + std::to_string(bytes) + " bytes is above 2 GiB");
    return bytes;
}

}  // namespace

PublisherState::PublisherState(std::shared_ptr<ConnectionState> connection, std::shared_ptr<Core> core, std::string_view topic,
                               PublisherOptions const& options, detail::PayloadType const& type, Schema schema, Ring ring)
    : connection_(std::move(connection)),
      core_(std::move(core)),
      topic_(topic),
      options_(options),
      schema_(std::move(schema)),
      plain_bytes_(type.plain_bytes),
      max_bytes_(max_bytes_of(ring.ring.capacity)),
      id_(ring.ring.ring_id),
      arena_(std::move(ring.arena)),
      writer_(ring.ring),
      stamper_(options.stamp) {
    lineage_.id = core_->bus->lineage_from(id_);
    audience_.emplace(*core_, ring.index, ring.ring.ring_id, ring.topic);
    attend();
}

// The word in the ring is for those who read it without a busd that could tell them.
PublisherState::~PublisherState() {
    if (guard_.in_child()) return;
    writer_.say_left();
    core_->post(remove_publisher(id_));
}

void close(PublisherState& publisher) noexcept { publisher.end(); }

Error PublisherState::closed() {
    if (guard_.in_child()) return Core::closed_by_fork();
    if (!lock_.lock_unless_lent()) return Errc::closed;
    auto why = closed_locked();
    lock_.unlock();
    return why;
}

Error PublisherState::closed_locked() const {
    if (auto open = core_->check(); !open) return open.error();
    if (taken_away_)
        return Error(Errc::closed,
                     "the broker took the ring of this publisher of " + topic_ + " away: it was not to be trusted, or its memory had gone",
                     "make a new publisher");
    return Error(Errc::closed, "the publisher of " + topic_ + " was destroyed while its loan was out");
}

Error PublisherState::too_large(std::size_t bytes) const {
    return {Errc::too_large,
            "a message of " + std::to_string(bytes) + " bytes on " + topic_ + ": at most " + std::to_string(max_bytes_) +
                ", a quarter of the ring of " + std::to_string(writer_.ring().capacity),
            "make the publisher with .ring_bytes = " + std::to_string(5 * bytes) + " or more"};
}

void PublisherState::count_ready() {
    auto const now = audience_->ready_count();
    auto const before = ready_.exchange(now, std::memory_order_relaxed);
    auto& loop = connection_->loop;
    if (now == before || !loop.wants_events()) return;
    loop.tell({.kind = now > before ? Event::Kind::subscriber_came : Event::Kind::subscriber_left, .object = topic_, .count = now});
}

// The order is that of the models: commit (release store of tail), fence where the ring is fenced, then the counters.
// An unfenced ring needs the compiler only to keep that order; the CPU is fenced by the sleeper's membarrier.
std::uint64_t PublisherState::commit(std::size_t used_bytes) {
    auto const sequence = writer_.commit(used_bytes, stamper_.now());
    after_commit();
    return sequence;
}

void PublisherState::after_commit() {
    writer_.after_commit();
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (audience_->has_news()) [[unlikely]]
        attend();
    if (auto const change = heat_.count(); change != Heat::Change::none) [[unlikely]]
        if (core_->data->may_go_unfenced) writer_.set_fenced(change == Heat::Change::cold);
}

struct PublisherState::Leave {
    PublisherState& publisher;
    ~Leave() { publisher.leave(); }
};

// busd raises the member epoch when it ends the session, or the bus: here a publisher that only publishes hears of it.
void PublisherState::attend() { noticed(audience_->attend()); }

void PublisherState::noticed(bool changed) {
    if (changed) (void)core_->has_ended();
    if (audience_->is_gone()) [[unlikely]]
        if (core_->check()) taken_away_ = true;  // else its whole session has gone
    count_ready();
}

template <class Fill>
Result<std::uint64_t> PublisherState::publish_with(std::size_t bytes, PublishOptions const* options, Fill&& fill) {
    std::uint16_t const extension_bytes = options == nullptr ? 0 : extension_bytes_of(options);
    if (bytes + extension_bytes > max_bytes_) [[unlikely]]
        return too_large(bytes + extension_bytes);
    if (!try_enter()) [[unlikely]]
        if (auto entered = enter_slowly(); !entered) return entered.error();
    Leave const leave_at_the_end{*this};
    auto* to = writer_.try_reserve(bytes, extension_bytes);
    if (to == nullptr) [[unlikely]] {
        auto const room = reserve_slowly(bytes, extension_bytes, shm::kRecordAlign);
        if (!room) return room.error();
        if (*room == nullptr) return writer_.sequence();  // dropped
        to = *room;
    }
    if (extension_bytes != 0) write_origin(writer_.extension(), *options->origin);
    if (fill(to)) [[likely]]
        return commit(bytes);
    writer_.cancel();
    return Error(Errc::invalid, "a message on " + topic_ + " was changed by another thread while it was published");
}

// Flattened, as SubscriberState::take is. What seldom happens stands apart (gnu::cold).
[[gnu::flatten]] Result<std::uint64_t> PublisherState::publish(google::protobuf::MessageLite const& message,
                                                               PublishOptions const* options) {
    auto const bytes = size_of(message);
    if (!bytes) [[unlikely]]
        return bytes.error();
    return publish_with(*bytes, options, [&](std::byte* to) { return write_message(message, to, *bytes); });
}

[[gnu::flatten]] Result<std::uint64_t> PublisherState::publish(std::span<std::byte const> bytes, PublishOptions const* options) {
    if (plain_bytes_ != 0 && bytes.size() != plain_bytes_) [[unlikely]]
        return Error(Errc::invalid,
                     "the struct on " + topic_ + " has " + std::to_string(plain_bytes_) + " bytes, not " + std::to_string(bytes.size()));
    return publish_with(bytes.size(), options, [&](std::byte* to) {
        if (!bytes.empty()) std::memcpy(to, bytes.data(), bytes.size());
        return true;
    });
}

Result<void> PublisherState::check_type(google::protobuf::Message const& message) const {
    auto const& wanted = options_.schema ? options_.schema->type() : std::string();
    if (message.GetDescriptor()->full_name() == wanted) return {};
    return Error("a " + message.GetDescriptor()->full_name() + " can't be published on " + topic_,
                 SchemaDifference{.ours = message.GetDescriptor()->full_name(), .theirs = wanted, .changes = {}},
                 "make the publisher with .schema = Schema::of the message's type");
}

}  // namespace bus::client

// Taking messages: which ring, out of the ring, into a sample.
#include "client/subscriber_state.hpp"

#include <climits>

#include "client/origin.hpp"
#include "client/topic_requests.hpp"
#include "sys/barrier.hpp"

namespace bus::client {

namespace {
constexpr std::uint32_t kEpochEvery = 64;  // messages between two looks at the subscription's epoch
constexpr int kPassedOver = 1 << 20;       // kept messages that were received before, per call
constexpr int kRounds = 4;                 // rings that were overwritten under our hands, per call
}  // namespace

SubscriberState::SubscriberState(std::shared_ptr<ConnectionState> connection, std::shared_ptr<Core> core, std::string_view pattern,
                                 SubscriberOptions const& options, detail::PayloadType const& type, Schema schema, Place place)
    : connection_(std::move(connection)),
      core_(std::move(core)),
      pattern_(pattern),
      options_(options),
      type_(type),
      own_schema_(std::move(schema)),
      index_(place.index),
      id_(place.id),
      entry_(core_->bus->directory().live<shm::SubscriptionEntry>(index_)),
      spin_(options.spin) {}

SubscriberState::~SubscriberState() { end(); }

void close(SubscriberState& subscriber) noexcept { subscriber.end(); }

void SubscriberState::end() noexcept {
    if (ended_.exchange(true, std::memory_order_relaxed) || guard_.in_child()) return;
    Locked const locked(lock_);
    close_all();
    callback_.reset();
    has_callback_.store(false, std::memory_order_relaxed);
    core_->post(remove_subscription(id_));
}

Error SubscriberState::closed() {
    if (guard_.in_child()) return Core::closed_by_fork();
    Locked const locked(lock_);
    return closed_locked();
}

Error SubscriberState::closed_locked() const {
    if (auto open = core_->check(); !open) return open.error();
    if (core_->is_closed()) return Error(Errc::closed, "the connection was closed");
    return Error(Errc::closed, "this subscriber of " + pattern_ + " was destroyed");
}

detail::SamplePointer SubscriberState::take_locked(Error& why, Rota::Effort effort) {
    why = Errc::would_block;
    if (deferred_) [[unlikely]] {
        why = std::move(*deferred_);
        deferred_.reset();
        return nullptr;
    }
    if (core_->is_closed()) [[unlikely]] {
        why = closed_locked();
        return nullptr;
    }
    if (++takes_ % kEpochEvery == 0 && entry_->epoch.load(std::memory_order_acquire) != epoch_) (void)settle();
    int passed_over = 0;
    for (int round = 0; round < kRounds; ++round) {
        auto* inlet = rota_.next(effort);
        if (!behind_.empty()) [[unlikely]]
            inlet = first_of_those_behind(inlet);
        if (inlet == nullptr) {
            pool_->prepare();
            if (core_->has_ended()) [[unlikely]] {
                why = closed_locked();
                return nullptr;
            }
            if (!settle()) break;
            if (deferred_) return take_locked(why);
            continue;
        }
        note_read(*inlet);
        auto sample = deliver(*inlet, why);
        if (sample || why != Errc::would_block) return sample;
        if (std::exchange(passed_over_, false) && ++passed_over < kPassedOver) --round;
    }
    return nullptr;
}

detail::SamplePointer SubscriberState::deliver(Inlet& inlet, Error& why) {
    using Outcome = shm::RingReader<>::Outcome;
    auto* const block = pool_->take();
    detail::SamplePointer sample(block);
    shm::Record record;
    auto const outcome = inlet.reader().take([block](std::size_t bytes) { return block->room(bytes); }, record);
    if (outcome != Outcome::message) [[unlikely]] {
        if (outcome == Outcome::rubbish) why = inlet.reader().rubbish_error();
        pool_->untake(static_cast<PooledSample*>(sample.release()));
        return nullptr;
    }
    bool is_old = false;
    if (inlet.reader().passed_over() != 0) [[unlikely]] {
        is_old = record.sequence <= inlet.reader().passed_over();
        record.lost_before -= inlet.reader().uncount_passed_over(record.sequence, record.lost_before);
    }
    if (block->ring != inlet.identity()) block->name(inlet.identity());
    block->bytes = {record.payload.data(), record.payload.size()};  // word by word: both were stored as words just now
    auto& info = block->info;
    info.sequence = record.sequence;
    info.lost_before = record.lost_before + inlet.carried_lost;
    info.sent = SentTime(Duration(record.stamps.wall_ns));
    info.sent_steady = Deadline(Duration(static_cast<std::int64_t>(record.stamps.steady_ns)));
    inlet.last_sequence = record.sequence;
    if (!record.extension.empty() || info.origin || inlet.is_kept() || is_old) [[unlikely]]
        if (is_old || !name_origin(inlet, record, info)) {
            passed_over_ = true;
            pool_->untake(static_cast<PooledSample*>(sample.release()));
            return nullptr;
        }
    if (record.lost_before != 0) [[unlikely]] {
        inlet.reader().tell();
        tell(Event::Kind::lost, inlet, record.lost_before);
    }
    if (!parse(*block)) [[unlikely]] {
        why = no_message(inlet, record);
        inlet.carried_lost = info.lost_before;
        if (reliable()) inlet.let_go();
        pool_->untake(static_cast<PooledSample*>(sample.release()));
        return nullptr;
    }
    inlet.carried_lost = 0;
    if (inlet.kind() == shm::ReaderKind::reliable) inlet.lend(*block, record);
    return sample;
}

bool SubscriberState::parse(PooledSample& sample) const {
    using Kind = detail::PayloadType::Kind;
    auto const bytes = sample.bytes;
    switch (type_.kind) {
        case Kind::proto:
            if (!sample.parsed) sample.parsed.reset(type_.prototype->New());
            sample.message = sample.parsed.get();
            return bytes.size() <= INT_MAX && sample.parsed->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        case Kind::plain:
            sample.message = bytes.data();
            return bytes.size() == type_.plain_bytes;
        case Kind::bytes:
            sample.view = Bytes(bytes);
            sample.message = &sample.view;
            return true;
        case Kind::any:
            sample.any = Any(bytes, sample.ring->type);
            sample.message = &sample.any;
            return true;
    }
    return false;
}

Error SubscriberState::no_message(Inlet& inlet, shm::Record const& record) {
    ++inlet.unparsed;
    auto const wanted = type_.kind == detail::PayloadType::Kind::proto ? type_.prototype->GetTypeName() : std::string(type_.name);
    return Error(Errc::invalid, "message " + std::to_string(record.sequence) + " of publisher " + std::to_string(inlet.ring_id()) + " on " +
                                    inlet.identity()->topic + " (" + std::to_string(record.payload.size()) + " bytes) is no " + wanted +
                                    ": left out and counted");
}

detail::SamplePointer SubscriberState::take_now(Error& why) {
    if (is_closed()) [[unlikely]] {
        why = closed();
        return nullptr;
    }
    Locked const locked(lock_);
    if (callback_) [[unlikely]] {
        why = Error(Errc::invalid, "messages of " + pattern_ + " go to a callback", "on_sample(nullptr) ends that");
        return nullptr;
    }
    auto sample = take_locked(why);
    if (sample || !watch_ || why != Errc::would_block) [[likely]]
        return sample;
    return take_armed(why);
}

// fd() goes quiet only when the rings were found empty after it was armed.
detail::SamplePointer SubscriberState::take_armed(Error& why) {
    watch_->quiet(topics_);
    look_behind_in_time();
    if (is_any_unfenced()) (void)sys::global_barrier();
    auto sample = take_locked(why);
    if (sample || why != Errc::would_block) watch_->poke();
    return sample;
}

detail::SamplePointer SubscriberState::take_in_next_session(Error& why) {
    return come_back(sys::steady_now(), why) ? take_now(why) : nullptr;
}

// Flattened: the ten small functions on a message's way are called from here alone, and cost more than they do.
[[gnu::flatten]] detail::SamplePointer SubscriberState::take(Error& why) {
    auto sample = take_now(why);
    if (sample || why != Errc::closed) [[likely]]
        return sample;
    return take_in_next_session(why);
}

void SubscriberState::put_back(Error error) {
    Locked const locked(lock_);
    deferred_ = std::move(error);
}

}  // namespace bus::client

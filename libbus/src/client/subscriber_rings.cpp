// Which rings a subscription reads: new ones, those whose publisher left, those that are gone; and what was lost in each.
#include <algorithm>
#include <cstring>
#include <tuple>
#include <unordered_map>

#include "client/history_share.hpp"
#include "client/loss_reasons.hpp"
#include "client/origin.hpp"
#include "client/subscriber_state.hpp"
#include "client/topic_requests.hpp"
#include "shm/chains.hpp"
#include "shm/origin_layout.hpp"

namespace bus::client {

Result<void> SubscriberState::begin() {
    Locked const locked(lock_);
    auto const read = refresh();
    if (!read) return read.error();
    bool const several = inlets_.size() > 1 || std::ranges::any_of(inlets_, [](auto const& inlet) { return inlet->is_kept(); });
    if (options_.start_sequence != 0 && several)
        return Error(Errc::invalid,
                     "start_sequence where there is, or is retained, more than one publisher on " + pattern_ + ": each counts for itself",
                     "use .start = position() of an earlier subscriber");
    return {};
}

bool SubscriberState::settle() {
    for (auto* const inlet : settling_) {
        inlet->let_go();
        --inlet->settling;
    }
    std::erase_if(settling_, [](auto const* inlet) { return inlet->settling == 0; });
    if (any_left_) [[unlikely]]
        let_go_of_drained();
    auto const changed = refresh();
    return changed && *changed;
}

void SubscriberState::let_go_of_drained() {
    auto const before = inlets_.size();
    for (auto at = inlets_.size(); at-- > 0;)
        if (inlets_[at]->is_drained()) {
            if (inlets_[at]->is_behind()) {  // there is nobody to be told
                let_go_of(at);
                continue;
            }
            auto detach = detach_ring(id_, inlets_[at]->ring_id(), inlets_[at]->lost());
            refused_.insert(inlets_[at]->ring_id());  // until busd has unlinked us
            let_go_of(at);
            core_->post(std::move(detach));  // when the cursor is closed: from then on it may be another's
        }
    if (inlets_.size() != before) rota_.begin_anew();
    any_left_ = std::ranges::any_of(inlets_, [](auto const& inlet) { return inlet->left() || inlet->is_behind(); });
    if (!behind_.empty() && std::ranges::none_of(inlets_, [](auto const& inlet) { return inlet->is_behind(); })) behind_.clear();
}

Result<bool> SubscriberState::refresh() {
    if (entry_->epoch.load(std::memory_order_acquire) == epoch_) [[likely]]
        return false;
    auto chain = shm::members_of_subscription(core_->bus->directory(), index_, id_);
    if (!chain) return chain.error();  // tried again at the next look
    // The older first: join_lineage counts from there.
    std::ranges::sort(chain->links, {}, [](auto const& link) { return link.entry->ring_id; });
    bool const is_first = epoch_ == ~std::uint64_t{0};
    epoch_ = chain->epoch;
    ++changes_;
    auto const shares = is_first && options_.start.empty() && !came_back_ ? share_history(*core_, chain->links, options_.history)
                                                                          : std::map<std::uint64_t, std::size_t>();
    std::unordered_map<std::uint64_t, Inlet*> by_ring;
    for (auto const& inlet : inlets_) {
        inlet->seen = false;
        if (!inlet->is_behind()) by_ring.emplace(inlet->ring_id(), inlet.get());
    }
    std::set<std::uint64_t> still_refused;
    for (auto const& link : chain->links)
        if (refused_.contains(link.entry->ring_id)) still_refused.insert(link.entry->ring_id);
    refused_ = std::move(still_refused);
    auto const known_count = static_cast<std::ptrdiff_t>(inlets_.size());
    for (auto const& link : chain->links) {
        if (auto const known = by_ring.find(link.entry->ring_id); known != by_ring.end()) {
            auto& inlet = *known->second;
            inlet.seen = true;
            if (inlet.look_whether_it_left()) tell_living(Event::Kind::publisher_left, inlet, 0);
        } else if (!refused_.contains(link.entry->ring_id)) {
            attach(*link.entry, shares);
        }
    }
    // What was left comes before what is still being written, the older before the newer.
    std::sort(inlets_.begin() + known_count, inlets_.end(), [](auto const& one, auto const& other) {
        return std::tuple(!one->is_kept(), !one->left(), one->ring_id()) < std::tuple(!other->is_kept(), !other->left(), other->ring_id());
    });
    for (auto at = inlets_.size(); at-- > 0;)
        if (!inlets_[at]->seen && !inlets_[at]->is_behind()) let_go_of_replaced(at);
    rota_.begin_anew();
    sum_up();
    return true;
}

void SubscriberState::attach(shm::MemberEntry const& member, std::map<std::uint64_t, std::size_t> const& shares) {
    auto const keep = type_.kind == detail::PayloadType::Kind::any ? core_ : nullptr;
    auto const share = shares.find(member.ring_id);
    auto inlet =
        Inlet::attach(*core_, member, options_, share == shares.end() ? std::nullopt : std::optional(share->second), keep, came_back_);
    if (inlet) {
        (*inlet)->seen = true;
        join_lineage(**inlet);
        if (!(*inlet)->left()) tell_living(Event::Kind::publisher_came, **inlet, 1);
        inlets_.push_back(std::move(*inlet));
        return;
    }
    refused_.insert(member.ring_id);
    close_unattached(member);
    if (inlet.error() == Errc::not_found && !still_stands(member)) return;  // it went while we looked: the epoch will say so
    Error const why(inlet.error().code(), "a publisher's ring under " + pattern_ + " can't be read: " + inlet.error().what(),
                    inlet.error().hint(), inlet.error().detail());
    connection_->loop.tell({.kind = Event::Kind::refused, .object = pattern_, .error = why});
    deferred_ = why;
}

// Who sent it first, and for a kept message who published it here. Returns: false where that one was received before, or is not wanted.
bool SubscriberState::name_origin(Inlet const& inlet, shm::Record const& record, Info& info) {
    auto extension = record.extension;
    if (inlet.is_kept()) {
        shm::KeptRecord kept{};
        if (extension.size() < sizeof kept) return false;
        std::memcpy(&kept, extension.data(), sizeof kept);
        auto const resumed = options_.start.find(kept.publisher);
        if (resumed != options_.start.end() && kept.sequence <= resumed->second) return false;
        if (kept.sequence < options_.start_sequence) return false;
        info.publisher = kept.publisher;
        info.sequence = kept.sequence;
        auto& gone = gone_[kept.publisher];
        auto const wanted = resumed != options_.start.end() ? resumed->second + 1 : options_.start_sequence;
        if (gone.topic.empty() && wanted != 0 && kept.sequence > wanted) {  // what is missing where it goes on
            gone.lost = gone.missed = kept.sequence - wanted;
            info.lost_before += gone.lost;
            tell(Event::Kind::lost, inlet, gone.lost);
        }
        gone.topic = inlet.identity()->topic;
        gone.last_sequence = std::max(gone.last_sequence, kept.sequence);
        extension = extension.subspan(sizeof kept);
    }
    info.origin = read_origin(extension);
    return true;
}

// By the directory: then its memory was removed under our hands, and that is no end of a ring to be silent about.
bool SubscriberState::still_stands(shm::MemberEntry const& member) const {
    auto const ring = core_->bus->directory().snapshot<shm::RingEntry>(member.ring);
    return ring && ring->in_use() && (*ring)->ring_id == member.ring_id;
}

// A reader the ring was made for counts at its beginning until its cursor says otherwise: one that will never read says so.
void SubscriberState::close_unattached(shm::MemberEntry const& member) noexcept {
    if (auto* const cursor = core_->session.cursors().cursor(member.cursor)) shm::close_cursor(*cursor, member.ring_id);
}

void SubscriberState::close_all() noexcept {
    settling_.clear();
    inlets_.clear();
    rota_.begin_anew();
    auto const chain = shm::members_of_subscription(core_->bus->directory(), index_, id_);
    if (!chain) return;
    for (auto const& link : chain->links) close_unattached(*link.entry);
}

SubscriberState::Gone SubscriberState::losses_in(Inlet const& inlet) {
    return {.topic = inlet.identity()->topic,
            .lost = inlet.lost(),
            .overrun = inlet.reader().overrun(),
            .missed = inlet.reader().missed(),
            .unparsed = inlet.unparsed,
            .last_sequence = inlet.is_kept() ? 0 : inlet.last_sequence};
}

void SubscriberState::let_go_of(std::size_t at, std::uint64_t unread) {
    auto const& inlet = *inlets_[at];
    auto& gone = gone_[inlet.ring_id()];  // from another session there may be something already
    auto const now = losses_in(inlet);
    gone.topic = now.topic;
    gone.lost += now.lost;
    gone.overrun += now.overrun;
    gone.missed += now.missed;
    gone.unparsed += now.unparsed;
    gone.last_sequence = std::max(gone.last_sequence, now.last_sequence);
    gone.replaced += unread;
    auto& settled = settled_[{inlet.uid(), inlet.lineage().id}];
    settled = std::max(settled, inlet.settled_in_lineage(unread));
    std::erase(settling_, inlets_[at].get());
    inlets_.erase(inlets_.begin() + static_cast<std::ptrdiff_t>(at));
    ++changes_;
}

// It left no word: busd found that it can't be trusted, or that its memory has gone. What we had not read there is a gap.
void SubscriberState::let_go_of_replaced(std::size_t at) {
    auto const unread = inlets_[at]->left() || core_->has_ended() ? 0 : inlets_[at]->unread();
    if (!inlets_[at]->left() && !core_->has_ended()) tell(Event::Kind::replaced, *inlets_[at], unread);
    let_go_of(at, unread);
}

void SubscriberState::sum_up() noexcept {
    topics_ = 0;
    foreign_ = any_left_ = false;
    for (auto const& inlet : inlets_) {
        any_left_ |= inlet->left() || inlet->is_behind();
        topics_ |= inlet->topic_bit();
        foreign_ |= inlet->uid() != core_->session.uid();
    }
}

std::size_t SubscriberState::count_living() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(inlets_, [](auto const& inlet) { return !inlet->left() && !inlet->is_behind(); }));
}

// Counted only where somebody hears it: of thousands that come at once each would count all the others.
void SubscriberState::tell_living(Event::Kind kind, Inlet const& inlet, std::size_t more) {
    if (connection_->loop.wants_events()) tell(kind, inlet, count_living() + more);
}

void SubscriberState::tell(Event::Kind kind, Inlet const& inlet, std::uint64_t count) {
    auto& loop = connection_->loop;
    if (loop.wants_events()) loop.tell({.kind = kind, .object = inlet.identity()->topic, .count = count});
}

// ---- what was lost, and where we stand ----------------------------------------------------------------------------------------

std::uint64_t SubscriberState::lost() noexcept {
    if (guard_.in_child()) return 0;
    Locked const locked(lock_);
    std::uint64_t lost = 0;
    for (auto const& inlet : inlets_) lost += inlet->lost() + inlet->unparsed;
    for (auto const& [id, gone] : gone_) lost += gone.lost + gone.unparsed + gone.replaced;
    return lost;
}

std::vector<Loss> SubscriberState::losses() {
    std::vector<Loss> losses;
    auto const add = [&](std::string const& topic, PublisherId id, std::uint64_t count, char const* why) {
        if (count != 0) losses.push_back({topic, id, count, why});
    };
    auto const add_all = [&](PublisherId id, Gone const& gone) {
        add(gone.topic, id, gone.missed, kBeforeItCame);
        add(gone.topic, id, gone.overrun, reliable() ? kTooSlow : kOverwritten);
        add(gone.topic, id, gone.lost - gone.overrun - gone.missed, kGivenUp);
        add(gone.topic, id, gone.replaced, kReplaced);
        add(gone.topic, id, gone.unparsed, "did not parse as the subscriber's type");
    };
    if (guard_.in_child()) return losses;
    Locked const locked(lock_);
    for (auto const& inlet : inlets_) add_all(inlet->ring_id(), losses_in(*inlet));
    for (auto const& [id, gone] : gone_) add_all(id, gone);
    return losses;
}

Position SubscriberState::position() {
    if (guard_.in_child()) return options_.start;
    Locked const locked(lock_);
    return position_locked();
}

Position SubscriberState::position_locked() const {
    Position position = options_.start;  // of those that were not heard of since
    for (auto const& [id, gone] : gone_)
        if (gone.last_sequence != 0) position[id] = gone.last_sequence;
    for (auto const& inlet : inlets_)  // they know better than what somebody wrote into a kept ring
        if (inlet->last_sequence != 0 && !inlet->is_kept()) position[inlet->ring_id()] = inlet->last_sequence;
    return position;
}

std::size_t SubscriberState::publishers() noexcept {
    if (is_closed()) return 0;
    Locked const locked(lock_);
    if (core_->is_closed()) return 0;
    (void)refresh();
    return count_living();
}

}  // namespace bus::client

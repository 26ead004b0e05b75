// A subscriber whose session has ended against its will goes on in another one.
//
// On the same bus (it alone was fenced off) each ring is read on behind the last message it had. Where the whole bus was removed there are
// other rings, of other publishers' ids: what comes there is wanted from the first message, and the old rings, whose memory stays as long
// as it is mapped, are read to their ends first. So nothing is lost that was committed, and what is, is counted.
#include <algorithm>
#include <optional>
#include <unordered_set>

#include "client/subscriber_state.hpp"
#include "client/topic_requests.hpp"
#include "shm/chains.hpp"
#include "sys/poller.hpp"

namespace bus::client {

namespace {

// A publisher notices with its next message, at the latest. One that was stopped in the middle of one has so long to finish it.
constexpr Duration kStayBehind = std::chrono::seconds(10);
constexpr Duration kAfterRefusal = std::chrono::seconds(1);
constexpr Duration kNap = std::chrono::milliseconds(1);

shm::ReaderKind kind_of(SubscriberOptions const& options) {
    if (options.reliable) return shm::ReaderKind::reliable;
    return options.observe ? shm::ReaderKind::observer : shm::ReaderKind::best_effort;
}

}  // namespace

Result<SubscriberState::Place> SubscriberState::subscribe(Core& core, std::string_view pattern, SubscriberOptions const& options,
                                                          Schema const& schema, bool any) {
    auto const answer = core.request(create_subscription(pattern, kind_of(options), schema, any),
                                     "create subscription to " + std::string(pattern), sys::deadline_after(core.options.timeout));
    if (!answer) return answer.error();
    return Place{answer->index(), answer->id()};
}

std::shared_ptr<Core> SubscriberState::core() {
    Locked const locked(lock_);
    return core_;
}

bool SubscriberState::come_back(sys::Deadline deadline, Error& why) {
    auto const ended = is_closed() ? nullptr : core();
    if (ended == nullptr) return false;  // `why` says closed
    bool const any = type_.kind == detail::PayloadType::Kind::any || type_.kind == detail::PayloadType::Kind::bytes;
    auto const failed = [&](Error error) {
        why = std::move(error);
        if (why != Errc::no_broker && why != Errc::timeout) return note_refusal(why);
        (void)sys::poll_until(std::span<pollfd>{}, sys::deadline_after(kNap));  // fd() says `look` all the time
        why = Errc::would_block;
        return false;
    };
    for (auto fresh = ended;;) {
        if (fresh->is_closed()) {
            if (!fresh->may_come_back()) return false;
            auto next = connection_->successor(fresh, deadline);
            if (!next) return failed(next.error());
            fresh = std::move(*next);
        }
        std::optional<Error> refused;
        {
            Locked const locked(lock_);
            if (is_closed()) return false;                      // destroyed meanwhile: nobody would ever end what was made here
            if (core_ != ended || fresh == ended) return true;  // another thread was faster; or it has not ended at all
            auto const place = subscribe(*fresh, pattern_, options_, own_schema_, any);
            if (place) {
                go_over_to(std::move(fresh), *place);
                return true;
            }
            refused = place.error();
        }
        if (auto again = connection_->another_try_after(*refused, *fresh, deadline); !again) return failed(again.error());
    }
}

bool SubscriberState::has_to_come_back() noexcept {
    Locked const locked(lock_);
    return core_->is_closed() && !is_refused();
}

// Who runs callbacks hears of it as an event alone; and whoever polls for all sources is not to ask busd all the time.
bool SubscriberState::note_refusal(Error const& why) {
    Locked const locked(lock_);
    if (refused_until_ == sys::Deadline{}) connection_->loop.tell({.kind = Event::Kind::refused, .object = pattern_, .error = why});
    refused_until_ = sys::deadline_after(kAfterRefusal);
    return false;
}

void SubscriberState::go_over_to(std::shared_ptr<Core> fresh, Place place) {
    bool const same_bus = fresh->bus->is_same_as(*core_->bus);
    if (!same_bus) attach_the_rest();
    options_.start = position_locked();
    for (auto const& inlet : inlets_)
        if (!inlet->is_kept() && !inlet->is_behind()) options_.start[inlet->ring_id()] = inlet->settled_sequence();
    came_back_ = true;
    if (same_bus) {
        let_go_of_former(*fresh, place);
    } else {
        for (auto& inlet : inlets_) {
            if (inlet->is_behind()) continue;
            tell(Event::Kind::replaced, *inlet, 0);
            inlet->stay_behind(sys::deadline_after(kStayBehind));
        }
        options_.start.clear();  // no ring goes on there; and where the registry was removed too, ids may come again
        left_out_.clear();
    }
    if (watch_) watch_->move_to(fresh->data->hub);
    behind_.push_back(std::exchange(core_, std::move(fresh)));
    if (inlets_.empty()) behind_.clear();
    index_ = place.index;
    id_ = place.id;
    entry_ = core_->bus->directory().live<shm::SubscriptionEntry>(index_);
    epoch_ = ~std::uint64_t{0};
    refused_.clear();
    refused_until_ = {};
    looked_for_left_out_ = 0;
    rota_.begin_anew();
    sum_up();
    ++changes_;
}

// Rings that came since our last look. Their memory is there as long as somebody has it mapped; where nobody has, nobody can tell what was
// in it, and that is no error of this call.
void SubscriberState::attach_the_rest() {
    auto const before = deferred_;
    (void)refresh();
    deferred_ = before;
}

// On the same bus each ring is read on through another membership. There is none where its publisher has left: busd held the ring for us
// alone, and gave it up with our session. Then what we had not read of it is a gap. (What a topic retains comes again.)
void SubscriberState::let_go_of_former(Core const& fresh, Place place) {
    auto const chain = shm::members_of_subscription(fresh.bus->directory(), place.index, place.id);
    std::unordered_set<std::uint64_t> read_on;
    if (chain)
        for (auto const& link : chain->links) read_on.insert(link.entry->ring_id);
    for (auto at = inlets_.size(); at-- > 0;) {
        auto const& inlet = *inlets_[at];
        if (inlet.is_behind()) continue;
        auto const id = inlet.ring_id();
        auto const unread = chain && !read_on.contains(id) ? inlet.unread_of_former() : 0;
        if (unread != 0) tell(Event::Kind::replaced, inlet, unread);
        let_go_of(at, unread);
    }
}

// The publisher of a new ring may be one that we know from before. What it took along for those who come later we have had. And it may
// have been on a bus that was removed again before we came to it: what it published there we never saw.
void SubscriberState::join_lineage(Inlet& fresh) {
    auto const& lineage = fresh.lineage();
    if (fresh.is_kept() || options_.start.contains(fresh.ring_id())) return;  // that knows where we stand in this very ring
    std::optional<std::uint64_t> settled;
    if (auto const known = settled_.find({fresh.uid(), lineage.id}); known != settled_.end()) settled = known->second;
    for (auto const& inlet : inlets_)
        if (inlet->lineage().id == lineage.id && inlet->uid() == fresh.uid() && !inlet->is_kept())
            settled = std::max(settled.value_or(0), inlet->settled_in_lineage(inlet->has_its_place() ? inlet->unread() : 0));
    if (!settled) return;
    auto const before = lineage.numbered_before;
    fresh.reader().pass_over(*settled - std::min(*settled, before));
    if (*settled >= before) return;
    auto const passed_by = before - *settled;
    settled_[{fresh.uid(), lineage.id}] = before;
    auto& gone = gone_[fresh.ring_id()];
    gone.topic = fresh.identity()->topic;
    gone.replaced += passed_by;
    fresh.carried_lost += passed_by;
    tell(Event::Kind::replaced, fresh, passed_by);
}

// A publisher that has gone over wrote all of the old ring before the first message of the new one: who sees that one sees all of the
// other. So what stayed behind is looked at after `found` was.
Inlet* SubscriberState::first_of_those_behind(Inlet* found) noexcept {
    auto const older = std::ranges::find_if(inlets_, [](auto const& inlet) { return inlet->is_behind() && inlet->has_news(); });
    return older != inlets_.end() ? older->get() : found;
}

}  // namespace bus::client

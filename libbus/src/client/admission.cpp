// Hello, offer, token.
//
// There is no bell yet to be woken by, so the lobby is looked into with growing naps. The Hello goes into the request queue of our uid
// where there is one, which nobody else can flood, else into the rendezvous queue. busd may have dropped it there, so it is said again now
// and then: the same nonce gets the same offer. When another busd has taken over it is said anew, with another nonce: what the dead one may
// have offered is withdrawn by its successor.
#include "client/admission.hpp"

#include <algorithm>

#include "client/objects.hpp"
#include "sys/ipc_key.hpp"
#include "sys/poller.hpp"
#include "sys/process.hpp"
#include "wire/control.hpp"

namespace bus::client {

namespace {

using namespace std::chrono_literals;

constexpr sys::Duration kShortestNap = 50us, kLongestNap = 1ms, kLook = 50ms, kSayAgain = 300ms;

class Admission {
public:
    Admission(AttachedBus const& bus, ConnectionOptions const& options, sys::Deadline deadline)
        : bus_(bus), options_(options), deadline_(deadline), uid_(sys::effective_uid()) {}

    Result<SessionParts> run();

private:
    Result<void> draw_nonce();
    Result<void> say_hello();
    Result<sys::Queue> own_queue() const;
    Result<sys::Queue> queue_for_hello();
    Result<v1::Offer> wait_for_offer();
    Result<v1::Offer> look_into_lobby();
    Result<SessionParts> take(v1::Offer const& offer);
    Result<void> check_entry(v1::Offer const& offer, shm::SessionEntry const& entry) const;
    Error too_late() const;

    AttachedBus const& bus_;
    ConnectionOptions const& options_;
    sys::Deadline const deadline_;
    std::uint32_t const uid_;
    std::uint64_t nonce_ = 0, generation_ = 0;
    bool as_stranger_ = false;  // said hello, with this nonce, where anybody can
    char const* stopped_at_ = "the rendezvous queue stayed full";
};

Error withdrawn() { return Error(Errc::conflict, "the offer was withdrawn before it was taken"); }

Result<SessionParts> Admission::run() {
    if (uid_ == sys::overflow_uid())
        return Error(Errc::not_permitted, "our uid " + std::to_string(uid_) + " stands for users without a name in this user namespace",
                     "map the uid into the namespace, or connect from outside with bus-bridge");
    for (;;) {
        if (auto drawn = draw_nonce(); !drawn) return drawn.error();
        if (auto said = say_hello(); !said) return said.error();
        auto offer = wait_for_offer();
        if (!offer && offer.error() == Errc::would_block) continue;  // another busd came
        if (!offer) return offer.error();
        if (offer->has_failure()) {
            auto const refused = wire::from_failure(offer->failure());
            // Of those who come as strangers, all at once after a removal, busd lets few in. Where one of us has been let in, we have a
            // queue.
            if (refused == Errc::limit && as_stranger_ && own_queue() && !sys::has_passed(deadline_)) continue;
            return refused;
        }
        auto parts = take(*offer);
        if (parts || parts.error() != Errc::conflict || sys::has_passed(deadline_)) return parts;
    }
}

Result<void> Admission::draw_nonce() {
    auto drawn = sys::fill_random(std::as_writable_bytes(std::span(&nonce_, 1)));
    nonce_ &= wire::kNonceMask;
    generation_ = bus_.generation();
    as_stranger_ = false;
    return drawn;
}

Result<sys::Queue> Admission::own_queue() const {
    auto const user = bus_.directory().find_user(uid_);
    if (!user) return Errc::not_found;
    auto const entry = bus_.directory().snapshot<shm::UserEntry>(*user);
    if (!entry) return Errc::not_found;
    return open_queue((*entry)->requests, bus_.broker_uid());
}

Result<sys::Queue> Admission::queue_for_hello() {
    auto const own = own_queue();
    if (!own) as_stranger_ = true;  // and stays one where it is said again: that first Hello may be what is answered
    return own ? own : open_queue(bus_.head().rendezvous, bus_.broker_uid());
}

Result<void> Admission::say_hello() {
    v1::Hello hello;
    hello.set_version(wire::kProtocolVersion);
    hello.set_uid(uid_);
    hello.set_nonce(nonce_);
    hello.set_name(options_.name);
    auto mail = wire::mail_of(hello);
    if (!mail) return mail.error();
    for (sys::Duration nap = kShortestNap;; nap = std::min(2 * nap, kLongestNap)) {
        // Somebody removed the queues: busd makes others within a second, or the bus has gone.
        auto const queue = queue_for_hello();
        stopped_at_ = queue ? "the rendezvous queue stayed full" : "somebody removed its queues";
        if (!queue && (queue.error() != Errc::not_found || bus_.removed()))
            return Error(Errc::closed, "the rendezvous queue of bus '" + bus_.name() + "' has gone: " + queue.error().what(), "");
        auto const sent = queue ? mail->try_send(*queue) : Result<void>(queue.error());
        if (auto const knock = sys::FifoWriter::open(bus_.path_of("knock"))) (void)knock->ring();
        if (sent) return sent;
        // Gone between the two calls: look where it is now.
        if (sent.error() != Errc::would_block && sent.error() != Errc::not_found) return sent;
        if (sys::has_passed(deadline_)) return too_late();
        (void)sys::poll_until(std::span<pollfd>{}, std::min(deadline_, sys::deadline_after(nap)));
    }
}

// would_block: say hello again, another busd has taken over.
Result<v1::Offer> Admission::wait_for_offer() {
    auto look = sys::deadline_after(kLook), again = sys::deadline_after(kSayAgain);
    for (sys::Duration nap = kShortestNap;; nap = std::min(2 * nap, kLongestNap)) {
        auto offer = look_into_lobby();
        if (offer || offer.error() != Errc::would_block) return offer;
        if (bus_.generation() != generation_) return Errc::would_block;
        if (sys::has_passed(deadline_)) return too_late();
        if (sys::has_passed(look)) {
            if (bus_.removed()) return Error(Errc::closed, "bus '" + bus_.name() + "' was stopped while we said hello", "");
            look = sys::deadline_after(kLook);
        }
        if (sys::has_passed(again)) {
            if (auto said = say_hello(); !said) return said.error();
            again = sys::deadline_after(kSayAgain);
        }
        (void)sys::poll_until(std::span<pollfd>{}, std::min(deadline_, sys::deadline_after(nap)));
    }
}

Result<v1::Offer> Admission::look_into_lobby() {
    auto const& directory = bus_.directory();
    auto const user = directory.find_user(uid_);
    if (!user) {
        stopped_at_ = "it has not answered our Hello: our uid has no queues yet";
        return Errc::would_block;
    }
    stopped_at_ = "our uid has its queues, but no offer came";
    auto const entry = directory.snapshot<shm::UserEntry>(*user);
    if (!entry) return Errc::would_block;
    auto const lobby = open_queue((*entry)->lobby, bus_.broker_uid());
    if (!lobby) return Errc::would_block;  // being replaced
    return wire::try_receive_offer(*lobby, nonce_);
}

Result<void> Admission::check_entry(v1::Offer const& offer, shm::SessionEntry const& entry) const {
    shm::Cookie const cookie{offer.cookie_0(), offer.cookie_1()};
    if (static_cast<shm::SessionState>(entry.head.state) != shm::SessionState::offered || entry.session_id != offer.session_id() ||
        entry.cookie != cookie || entry.uid != uid_)
        return withdrawn();
    return {};
}

// The FIFO comes first: it is the second witness that we live. Then the token; from then on the entry can't be offered to anybody else,
// so what is read of it afterwards is ours if the id and the cookie still agree.
Result<SessionParts> Admission::take(v1::Offer const& offer) {
    auto const& directory = bus_.directory();
    SessionParts parts;
    parts.index = offer.session();
    parts.id = offer.session_id();
    parts.uid = uid_;
    auto fifo = sys::FifoReader::open(bus_.path_of(fifo_name(parts.id)));
    if (!fifo) return fifo.error() == Errc::not_found ? withdrawn() : fifo.error();
    parts.fifo.emplace(std::move(*fifo));

    auto const user = directory.find_user(uid_);
    if (!user) return withdrawn();
    parts.user = *user;
    auto const common = directory.snapshot<shm::UserEntry>(parts.user);
    if (!common) return withdrawn();
    auto const tokens = open_set((*common)->tokens, bus_.broker_uid());
    if (!tokens) return withdrawn();
    auto token = Token::take(*tokens, parts.index);
    if (!token) return token.error() == Errc::would_block || token.error() == Errc::not_found ? withdrawn() : token.error();
    parts.token = std::move(*token);

    auto const entry = directory.snapshot<shm::SessionEntry>(parts.index);
    if (!entry) return withdrawn();
    if (auto ours = check_entry(offer, **entry); !ours) return ours.error();

    auto lobby = open_queue((*common)->lobby, bus_.broker_uid());
    auto requests = open_queue((*common)->requests, bus_.broker_uid());
    auto bells = open_set((*entry)->bells, bus_.broker_uid());
    if (!lobby || !requests || !bells) return withdrawn();
    parts.lobby = *lobby;
    parts.requests = *requests;
    parts.bells = *bells;
    parts.bell_base = (*entry)->bell_base;

    auto const attach = [&](shm::ObjectRef const& ref, shm::SegmentKind kind) -> Result<SegmentPtr> {
        auto segment = shm::AttachedSegment::open(ref, kind, bus_.broker_uid(), sys::Access::read_write);
        if (!segment) return segment.error() == Errc::not_found ? withdrawn() : segment.error();  // somebody removed it
        return std::make_shared<shm::AttachedSegment const>(std::move(*segment));
    };
    auto cursors = attach((*entry)->cursors, shm::SegmentKind::cursors);
    if (!cursors) return cursors.error();
    auto own = shm::OwnCursors::open((*cursors)->writable_bytes());
    if (!own) return own.error();
    auto attention = attach((*common)->attention, shm::SegmentKind::attention);
    if (!attention) return attention.error();
    parts.cursors = std::move(*cursors);
    parts.own_cursors = *own;
    parts.attention = std::move(*attention);
    return parts;
}

Error Admission::too_late() const {
    auto const pid = std::to_string(bus_.head().broker_pid);
    auto const milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(options_.timeout).count();
    auto const within = " within " + std::to_string(milliseconds) + " ms";
    if (bus_.broker_alive())
        return Error(Errc::timeout,
                     "bus '" + bus_.name() + "' in " + bus_.folder() + ": its broker (pid " + pid + ") did not admit us" + within + ": " +
                         stopped_at_,
                     "look at it: bus, kill -USR1 " + pid);
    return no_living_broker(bus_, "the broker (pid " + pid + ") died while we said hello, and no other one came" + within);
}

}  // namespace

Result<SessionParts> take_offer(AttachedBus const& bus, ConnectionOptions const& options, sys::Deadline deadline) {
    return Admission(bus, options, deadline).run();
}

}  // namespace bus::client

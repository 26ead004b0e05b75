// Sending requests and posts in order.
#include "client/outbox.hpp"

#include <algorithm>

#include "sys/poller.hpp"
#include "wire/control.hpp"

namespace bus::client {

using namespace std::chrono_literals;

// A byte for busd. Where nobody reads it, busd is dead, and the next one looks into its queues first of all.
void Outbox::knock() noexcept {
    if (knock_ && knock_->ring()) return;
    knock_.reset();
    if (auto opened = sys::FifoWriter::open(bus_.path_of("knock"))) {
        knock_.emplace(std::move(*opened));
        (void)knock_->ring();
    }
}

Result<Outbox::Mark> Outbox::send(v1::Request const& request, sys::Deadline deadline) {
    auto mail = wire::mail_of(request);
    if (!mail) return mail.error();
    std::lock_guard const sending(sending_);
    flush_locked();
    Mark mark{.posts = 0, .generation = bus_.generation()};
    {
        std::lock_guard const kept(kept_);
        mark.posts = serial_;
        // A post that is still waiting for room stays behind: it is not confirmed by this request's answer.
        for (auto const& post : posts_)
            if (post.sent_in != mark.generation) mark.posts = std::min(mark.posts, post.serial - 1);
    }
    for (sys::Duration nap = 50us;; nap = std::min<sys::Duration>(2 * nap, 2ms)) {
        auto const sent = mail->try_send(session_.requests());
        knock();
        if (sent) break;
        if (sent.error() == Errc::not_found)
            return Error(Errc::closed, "the request queue of our uid has gone: " + sent.error().what(), "");
        if (sent.error() != Errc::would_block) return sent.error();
        if (sys::has_passed(deadline)) return Errc::timeout;
        (void)sys::poll_until(std::span<pollfd>{}, std::min(deadline, sys::deadline_after(nap)));
    }
    flush_locked();
    return mark;
}

void Outbox::confirm(Mark const& mark) noexcept {
    std::lock_guard const kept(kept_);
    std::erase_if(posts_, [&](Post const& post) { return post.serial <= mark.posts && post.sent_in == mark.generation; });
}

void Outbox::post(v1::Request request) noexcept {
    request.set_session(session_.index());
    request.set_session_id(session_.id());
    request.set_number(0);
    {
        std::lock_guard const kept(kept_);
        posts_.push_back({std::move(request), ++serial_, 0});
    }
    std::unique_lock const sending(sending_, std::try_to_lock);
    if (!sending || flush_locked() || waited_in_vain_) return;
    auto const until = sys::deadline_after(kMoment);
    for (sys::Duration nap = 50us; bus_.broker_alive() && !sys::has_passed(until); nap = std::min<sys::Duration>(2 * nap, 2ms)) {
        (void)sys::poll_until(std::span<pollfd>{}, std::min(until, sys::deadline_after(nap)));
        if (flush_locked()) return;
    }
    waited_in_vain_ = true;
}

void Outbox::flush() noexcept {
    // Whoever is sending just now looks at the posts when it is done.
    std::unique_lock const sending(sending_, std::try_to_lock);
    if (sending) (void)flush_locked();
}

// What was sent to this busd stands in front. Returns: whether all is sent now.
bool Outbox::flush_locked() noexcept {
    auto const generation = bus_.generation();
    std::lock_guard const kept(kept_);
    auto next = posts_.end();
    while (next != posts_.begin() && (next - 1)->sent_in != generation) --next;
    bool const any = next != posts_.end();
    for (; next != posts_.end(); ++next) {
        auto mail = wire::mail_of(next->request);
        // A post is short, so it goes in one part or not at all.
        if (!mail || !mail->try_send(session_.requests())) break;
        next->sent_in = generation;
        waited_in_vain_ = false;
    }
    if (any) knock();
    bool const all = next == posts_.end();
    unsent_.store(!all, std::memory_order_relaxed);
    if (all && posts_.size() > kTrimAbove) trim();
    return all;
}

// The queue is others' too, so what lies in it is an upper bound. One more may be in busd's hands.
void Outbox::trim() noexcept {
    auto const queue = session_.requests().stat();
    if (!queue) return;
    auto const in_doubt = queue->messages + kTrimAbove / 2;
    while (posts_.size() > in_doubt) posts_.pop_front();
}

}  // namespace bus::client

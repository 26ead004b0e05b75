// Samples of a selection of topics.
#include "topic_stream.hpp"

#include <algorithm>
#include <bus/introspect.hpp>
#include <bus/name.hpp>

#include "interrupt.hpp"
#include "waiting.hpp"

namespace bus::tool {
namespace {

/// Whether the pattern means a topic that was ever spoken on: one that is only listened to is still waited for.
Result<bool> is_there(Connection& bus, std::string const& pattern) {
    auto const topics = bus.topics(pattern);
    if (!topics) return topics.error();
    return std::any_of(topics->begin(), topics->end(), [](TopicInfo const& topic) { return topic.publishers > 0 || topic.messages > 0; });
}

Result<void> look_for(Connection& bus, std::string const& pattern, bool existing, Context& context) {
    auto const there = is_there(bus, pattern);
    if (!there) return there.error();
    if (*there) return {};
    auto const what = is_pattern(pattern) ? "no topic that matches '" + pattern + "'" : "no topic '" + pattern + "'";
    if (existing)
        return Error(Errc::not_found, "there is " + what, "`bus topic ls` lists what is there; without --existing it is waited for");
    context.note("there is " + what + " yet; waiting for it");
    return {};
}

}  // namespace

Result<TopicStream> TopicStream::open(Connection& bus, Selection const& selection, StreamOptions const& options, Context& context) {
    TopicStream stream(selection, context);
    SubscriberOptions const subscriber_options{.reliable = options.reliable, .history = options.history, .observe = !options.reliable};
    for (auto const& pattern : selection.patterns()) {
        if (auto there = look_for(bus, pattern, options.existing, context); !there) return there.error();
        auto subscriber = bus.subscriber<Any>(pattern, subscriber_options);
        if (!subscriber) return subscriber.error();
        stream.subscribers_.push_back(std::move(*subscriber));
        auto const fd = stream.subscribers_.back().fd();
        if (fd < 0) return Error(Errc::limit, "no descriptor is left for topic '" + pattern + "'", "ulimit -n");
        stream.fds_.push_back(fd);
    }
    return stream;
}

bool TopicStream::wanted(std::size_t index, Sample<Any> const& sample) const {
    auto const topic = sample.info().topic;
    return !selection_->excludes(topic) && selection_->first_match(topic) == index;
}

Result<bool> TopicStream::try_one(std::size_t index, std::vector<Sample<Any>>& taken) {
    auto sample = subscribers_[index].try_receive();
    if (sample) {
        if (wanted(index, *sample)) taken.push_back(std::move(*sample));
        return true;
    }
    auto const& error = sample.error();
    if (error == Errc::would_block) return false;
    bool const go_on = error == Errc::not_permitted || error == Errc::invalid || error == Errc::schema_mismatch || error == Errc::not_found;
    if (!go_on || (error == Errc::not_permitted && !is_pattern(selection_->patterns()[index]))) return error;
    context_->note(error.what());
    return true;
}

Result<Sample<Any>> TopicStream::next(Deadline deadline) {
    std::vector<Sample<Any>> taken;
    while (true) {
        if (interrupted()) return Errc::cancelled;
        if (std::chrono::steady_clock::now() >= deadline) return Errc::timeout;  // also while there is always something to take
        bool any = false;
        for (std::size_t i = 0; i < subscribers_.size(); ++i) {
            auto const tried = try_one(turn_++ % subscribers_.size(), taken);
            if (!tried) return tried.error();
            if (!taken.empty()) {
                ++received_;
                return std::move(taken.front());
            }
            any = any || *tried;
        }
        if (any) continue;
        if (auto waited = wait_readable(context_->out, fds_, deadline); !waited) return waited.error();
    }
}

std::uint64_t TopicStream::lost() const noexcept {
    std::uint64_t lost = 0;
    for (auto const& subscriber : subscribers_) lost += subscriber.lost();
    return lost;
}

std::string TopicStream::summary() const {
    auto text = std::to_string(received_) + (received_ == 1 ? " message" : " messages");
    auto const lost_in_all = lost();
    if (lost_in_all == 0) return text;
    text += ", " + std::to_string(lost_in_all) + " lost";
    for (auto const& subscriber : subscribers_) {
        for (auto const& loss : subscriber.losses()) {
            text += "\n     " + std::to_string(loss.count) + " on " + loss.topic + " of publisher " + std::to_string(loss.publisher);
            if (!loss.why.empty()) text += ": " + loss.why;
        }
    }
    return text;
}

}  // namespace bus::tool

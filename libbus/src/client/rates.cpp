// Two looks and what lies between them.
#include "client/rates.hpp"

#include "sys/poller.hpp"

namespace bus::client {

namespace {

using namespace std::chrono_literals;

constexpr sys::Duration kShortest = 100ms, kLongest = 10s;

double per_second(std::uint64_t after, std::uint64_t before, sys::Duration time) {
    // A publisher that left took its count along.
    if (after <= before || time <= sys::Duration::zero()) return 0;
    return static_cast<double>(after - before) / std::chrono::duration<double>(time).count();
}

}  // namespace

// Makes `before_` a look that is old enough and not too old; naps where it must.
void Rates::look_first(Look const& look) {
    auto const age = sys::steady_now() - before_.when;
    if (before_.when == sys::Deadline{} || age > kLongest) {
        before_ = {sys::steady_now(), {}};
        if (auto const topics = look.topics("**"))
            for (auto const& topic : *topics) before_.topics[topic.name] = {topic.messages, topic.bytes};
    }
    auto const ready = before_.when + kShortest;
    if (!before_.topics.empty() && sys::steady_now() < ready) (void)sys::poll_until(std::span<pollfd>{}, ready);
}

void Rates::apply(Before const& before, sys::Deadline now, TopicInfo& topic) {
    auto const found = before.topics.find(topic.name);
    auto const then = found == before.topics.end() ? Count{} : found->second;
    topic.rate = per_second(topic.messages, then.messages, now - before.when);
    topic.bytes_per_second = per_second(topic.bytes, then.bytes, now - before.when);
}

Result<std::vector<TopicInfo>> Rates::topics(Look const& look, std::string_view pattern) {
    std::lock_guard const lock(mutex_);
    look_first(look);
    auto topics = look.topics(pattern);
    if (!topics) return topics;
    Before now{sys::steady_now(), {}};
    for (auto& topic : *topics) {
        apply(before_, now.when, topic);
        now.topics[topic.name] = {topic.messages, topic.bytes};
    }
    // What this pattern left out keeps its older count only for as long as all of the old look lives.
    if (pattern == "**") before_ = std::move(now);
    return topics;
}

Result<TopicDetail> Rates::topic(Look const& look, std::string_view name) {
    std::lock_guard const lock(mutex_);
    look_first(look);
    auto detail = look.topic(name);
    if (detail) apply(before_, sys::steady_now(), detail->topic);
    return detail;
}

}  // namespace bus::client

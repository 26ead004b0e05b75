// One topic that `topic pub` publishes on.
#include "topic_publisher.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/wrappers.pb.h>

#include <bus/introspect.hpp>
#include <bus/name.hpp>

#include "connect.hpp"
#include "errors.hpp"
#include "progress.hpp"
#include "topic_json.hpp"
#include "waiting.hpp"

namespace bus::tool {
namespace {

using Clock = std::chrono::steady_clock;

constexpr Duration kFirstLook = std::chrono::microseconds(200), kLastLook = std::chrono::milliseconds(20);
constexpr Duration kWhile = std::chrono::milliseconds(500);
constexpr Duration kStalled = std::chrono::seconds(1);  // for readers that take no part in flow control

std::string shown(std::string const& type) { return type.empty() ? "bytes" : type; }

/// Readers of one publisher that have not read all of it.
struct Laggards {
    bool reliable = false;     // one of them takes part in flow control
    std::uint64_t behind = 0;  // messages, in all
    std::string names;
};

Laggards laggards_of(TopicDetail const& detail, PublisherId publisher) {
    Laggards laggards;
    for (auto const& subscriber : detail.subscribers) {
        for (auto const& progress : subscriber.progress) {
            if (progress.publisher != publisher || progress.behind == 0) continue;
            laggards.reliable = laggards.reliable || subscriber.kind == ReaderKind::reliable;
            laggards.behind += progress.behind;
            laggards.names += (laggards.names.empty() ? "" : ", ") + shown_client(subscriber.identity);
        }
    }
    return laggards;
}

/// What protobuf brings itself: "google.protobuf.StringValue".
google::protobuf::Descriptor const* well_known(std::string const& type) {
    (void)google::protobuf::StringValue::descriptor();  // so that they are linked and registered
    return google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
}

}  // namespace

Result<Schema> find_schema(Connection& bus, std::string const& topic, TypeChoice const& choice) {
    auto const wanted = choice.type == "bytes" ? std::string() : choice.type;
    auto const there = bus.topics(topic);
    if (!there) return there.error();
    // Where there are only subscribers that take anything, the type is still open.
    if (!there->empty() && (there->front().publishers > 0 || !there->front().type.empty())) {
        auto const& type = there->front().type;
        if (!choice.type.empty() && type != wanted) {
            return Error(Errc::schema_mismatch, "topic '" + topic + "' carries " + shown(type) + ", not " + shown(wanted),
                         "leave --type out, or take another topic");
        }
        if (choice.proto.empty()) return bus.schema(topic);
    }
    if (!choice.proto.empty() && !choice.type.empty()) {
        auto loaded = Schema::load(choice.proto, choice.type);
        if (loaded) return loaded;
        auto const& error = loaded.error();
        return Error(error.code(), choice.proto + " can't be used: " + error.what(), error.hint());
    }
    auto const& type = choice.type.empty() ? choice.otherwise : choice.type;
    if (type == "bytes") return Schema();
    if (!type.empty()) {
        if (auto known = bus.schema(type)) return known;
        if (auto const* descriptor = well_known(type)) return Schema::of(*descriptor);
        return Error(Errc::not_found, "nobody on the bus knows type '" + type + "'", "add --proto FILE.proto, where it is defined");
    }
    return Error(Errc::not_found, "there is no topic '" + topic + "' yet, so its type is not known",
                 "bus topic pub " + topic + " --type nav.Pose --proto FILE.proto '{...}'");
}

Result<std::unique_ptr<TopicPublisher>> TopicPublisher::open(Connection& bus, std::string const& topic, TypeChoice const& choice,
                                                             PublisherOptions options, Context const& context) {
    if (is_reserved(topic)) {
        return Error(Errc::not_permitted, "topic '" + topic + "' is the bus's own: nobody else publishes there",
                     "choose another first part than $bus");
    }
    auto schema = find_schema(bus, topic, choice);
    if (!schema) return schema.error();
    auto const patience = std::exchange(options.wait_for, std::min(options.wait_for, kWhile));
    if (schema->type().empty()) {
        auto publisher = bus.publisher<Bytes>(topic, options);
        if (!publisher) return publisher.error();
        return std::unique_ptr<TopicPublisher>(new TopicPublisher(topic, *schema, AnyPublisher(std::move(*publisher)), patience, context));
    }
    options.schema = *schema;
    auto publisher = bus.publisher<Any>(topic, options);
    if (!publisher) return publisher.error();
    return std::unique_ptr<TopicPublisher>(new TopicPublisher(topic, *schema, AnyPublisher(std::move(*publisher)), patience, context));
}

Result<void> TopicPublisher::publish_json(std::string const& json) {
    auto const bytes = builder_.serialize(json);
    if (!bytes) return bytes.error();
    return publish_bytes(*bytes);
}

// The library waits for a little while at a time: in between it can be said for what.
Result<void> TopicPublisher::publish_waiting(std::span<std::byte const> bytes) {
    std::optional<Progress> progress;
    auto deadline = Deadline::max();
    while (true) {
        auto const published = std::visit([&](auto& p) { return p.publish_bytes(bytes); }, publisher_);
        if (published || published.error() != Errc::timeout) return published ? Result<void>() : published.error();
        if (!progress) {
            progress.emplace(context_);
            deadline = deadline_in(patience_ - std::min(patience_, kWhile));
        }
        if (Clock::now() >= deadline) return published.error();
        progress->update([&] { return "waiting for a reliable subscriber of '" + topic_ + "' (bus topic info " + topic_ + ")"; });
    }
}

Result<void> TopicPublisher::publish_bytes(std::string_view bytes) {
    auto const published = publish_waiting(std::as_bytes(std::span(bytes)));
    if (published) {
        ++published_;
        audience_ = std::max(audience_, std::visit([](auto const& p) { return p.subscribers(); }, publisher_));
        return {};
    }
    if (published.error() != Errc::timeout) return published.error();
    return Error(Errc::timeout, "topic '" + topic_ + "': a reliable subscriber is a whole ring behind", "bus topic info " + topic_);
}

Result<void> TopicPublisher::wait_for_subscribers(Context const& context, std::size_t count, Duration timeout) {
    auto const deadline = deadline_in(timeout);
    auto const there = [&] {
        return "topic '" + topic_ + "' has " + std::to_string(std::visit([](auto const& p) { return p.subscribers(); }, publisher_)) +
               " of " + std::to_string(count) + " subscribers";
    };
    for (Progress progress(context);;) {
        auto const until = std::min(deadline, std::max(progress.next(), Clock::now() + kFirstLook));
        auto const waited = std::visit([&](auto& p) { return p.wait_for_subscribers(count, until - Clock::now()); }, publisher_);
        if (waited || waited.error() != Errc::timeout) return waited;
        if (Clock::now() >= deadline) return Error(Errc::timeout, there(), "bus topic info " + topic_);
        progress.update(there);
    }
}

Result<void> TopicPublisher::wait_until_read(Context& context, Deadline deadline) const {
    auto nap = kFirstLook;
    auto progressed = Clock::now();
    std::uint64_t behind = UINT64_MAX;
    Progress progress(context);
    for (bool told = false;;) {
        auto const detail = topic_detail(topic_, connection_options(context));
        if (!detail) return detail.error() == Errc::not_found ? Result<void>() : detail.error();
        auto const laggards = laggards_of(*detail, id());
        auto const now = Clock::now();
        if (laggards.behind == 0) return {};
        if (now >= deadline)
            return Error(Errc::timeout, "topic '" + topic_ + "' is not read to its end by " + laggards.names, "bus topic info " + topic_);
        if (std::exchange(behind, laggards.behind) != laggards.behind) progressed = now;
        progress.update([&] { return laggards.names + " has " + std::to_string(laggards.behind) + " messages still to read"; });
        if (now - progressed > kStalled && !std::exchange(told, true)) {
            progress.hide();
            context.note("topic '" + topic_ + "' is not read to its end by " + laggards.names +
                         (laggards.reliable ? "; waiting" : "; not waiting"));
        }
        if (now - progressed > kStalled && !laggards.reliable) return {};
        if (auto slept = sleep_until(context.out, std::min(deadline, now + nap)); !slept) return slept;
        nap = std::min(nap * 2, kLastLook);
    }
}

PublisherId TopicPublisher::id() const noexcept {
    return std::visit([](auto const& p) { return p.id(); }, publisher_);
}

}  // namespace bus::tool

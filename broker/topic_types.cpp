// Types of topics.
#include "topic_types.hpp"

#include <bus/name.hpp>
#include <set>

#include "schema_check.hpp"
#include "wire/type_comparison.hpp"

namespace bus::broker {
namespace {

std::string shown(std::string const& type) { return type.empty() ? "bytes" : "'" + type + "'"; }

// Errors: schema_mismatch with the difference and no more text; invalid: one of the sets is none.
Result<void> agree(std::string_view ours, std::string_view theirs, std::string const& type) {
    if (ours.empty() || theirs.empty() || ours == theirs) return {};
    auto difference = wire::compare_types(ours, theirs, type);
    if (!difference) return difference.error();
    if (wire::worst_of(*difference) == SchemaDifference::Change::Verdict::readable) return {};
    return Error("", std::move(*difference));
}

std::string of(std::string_view who, Topic const& topic) { return std::string(who) + (who == "publisher" ? " of " : " to ") + topic.name; }

Error refused(std::string_view who, Topic const& topic, std::string_view whom, Error const& why) {
    if (why.schema_difference() == nullptr) return why;
    return Error(of(who, topic) + " has another version of type " + shown(topic.type.name) + " than " + std::string(whom) + ":",
                 *why.schema_difference(), "bus topic info " + topic.name);
}

Result<void> check_topics_type(State& state, Topic const* topic, v1::Type const& type, std::string_view who) {
    if (topic == nullptr || !topic->type_settled()) return {};
    if (topic->type.name != type.name()) {
        auto const plainly = [](std::string const& name) { return name.empty() ? std::string("bytes") : name; };
        auto const ours = plainly(type.name()), theirs = plainly(topic->type.name);
        SchemaDifference difference{ours, theirs, {{SchemaDifference::Change::Verdict::refused, "(the type)", ours, theirs}}};
        return Error(of(who, *topic) + " has type " + shown(type.name()) + ", the topic has type " + shown(topic->type.name),
                     std::move(difference), "bus topic info " + topic->name);
    }
    auto const agreed = agree(type.descriptor_set(), state.schemas.bytes(topic->type.schema), type.name());
    if (!agreed) return refused(who, *topic, "the topic", agreed.error());
    return {};
}

Result<void> check_versions(State& state, Topic const& topic, v1::Type const& type, std::set<std::uint32_t> const& versions,
                            std::string_view who, std::string_view whom) {
    for (auto const version : versions)
        if (auto const agreed = agree(type.descriptor_set(), state.schemas.bytes(version), type.name()); !agreed)
            return refused(who, topic, whom, agreed.error());
    return {};
}

}  // namespace

Result<void> check_type(v1::Type const& type) {
    if (type.name().size() > kMaxNameBytes) {
        return Error(Errc::invalid, "a type name of " + std::to_string(type.name().size()) + " bytes: at most " +
                                        std::to_string(kMaxNameBytes) + " are allowed");
    }
    for (char const c : type.name()) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F)
            return Error(Errc::invalid, "a type name with blanks or control characters");
    }
    if (type.descriptor_set().empty()) return {};
    if (type.name().empty()) return Error(Errc::invalid, "a descriptor set without the name of a type");
    return check_schema(type.descriptor_set(), type.name());
}

bool can_read(State& state, Subscription const& subscription, std::string_view type, std::string_view descriptor_set) {
    if (subscription.type.empty()) return true;
    if (subscription.type != type) return false;
    return agree(state.schemas.bytes(subscription.schema), descriptor_set, subscription.type).has_value();
}

Result<void> check_publishers_type(State& state, Topic const* topic, v1::Type const& type) {
    if (auto agreed = check_topics_type(state, topic, type, "publisher"); !agreed || topic == nullptr) return agreed;
    std::set<std::uint32_t> versions;
    for (auto const& [index, subscription] : state.subscriptions.all())
        if (subscription->named && subscription->pattern == topic->name && !subscription->type.empty())
            versions.insert(subscription->schema);
    return check_versions(state, *topic, type, versions, "publisher", "one of its subscribers");
}

Result<void> check_subscribers_type(State& state, Topic const* topic, v1::Type const& type) {
    if (auto agreed = check_topics_type(state, topic, type, "subscription"); !agreed || topic == nullptr) return agreed;
    std::set<std::uint32_t> versions;
    for (auto const index : topic->rings)
        if (auto const& ring = state.rings.at(index); !ring.left || ring.retain)
            versions.insert(ring.schema);  // else it gets nothing of it
    return check_versions(state, *topic, type, versions, "subscription", "one of its publishers");
}

Result<TopicType> store_type(State& state, v1::Type const& type) {
    TopicType stored{type.name(), shm::kNil};
    if (type.descriptor_set().empty()) return stored;
    auto const schema = state.schemas.acquire(type.descriptor_set());
    if (!schema) return schema.error();
    stored.schema = *schema;
    return stored;
}

void settle_type(State& state, Topic& topic, TopicType const& type) {
    bool const describes = topic.type.name == type.name && topic.type.schema == shm::kNil && type.schema != shm::kNil;
    if (topic.type_settled() && !describes) return state.schemas.release(type.schema);
    auto const before = topic.type.schema;
    state.topics.set_type(topic, type);
    state.schemas.release(before);
}

}  // namespace bus::broker

// Types of topics.
#include "topic_types.hpp"

#include <bus/name.hpp>

#include "schema_check.hpp"
#include "wire/type_comparison.hpp"

namespace bus::broker {
namespace {

std::string shown(std::string const& type) { return type.empty() ? "bytes" : "'" + type + "'"; }

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

Result<void> check_agreement(State& state, Topic const* topic, v1::Type const& type, std::string_view who) {
    if (topic == nullptr || !topic->type_settled()) return {};
    if (topic->type.name != type.name()) {
        auto const plainly = [](std::string const& name) { return name.empty() ? std::string("bytes") : name; };
        auto const ours = plainly(type.name()), theirs = plainly(topic->type.name);
        SchemaDifference difference{ours, theirs, {{SchemaDifference::Change::Verdict::refused, "(the type)", ours, theirs}}};
        return Error(std::string(who) + " has type " + shown(type.name()) + ", the topic has type " + shown(topic->type.name),
                     std::move(difference), "bus topic info " + topic->name);
    }
    auto const stored = state.schemas.bytes(topic->type.schema);
    if (type.descriptor_set().empty() || stored.empty() || stored == type.descriptor_set()) return {};
    auto difference = wire::compare_types(type.descriptor_set(), stored, type.name());
    if (!difference) return difference.error();
    if (difference->changes.empty()) return {};
    return Error(std::string(who) + " has another version of type " + shown(type.name()) + " than the topic:", std::move(*difference),
                 "bus topic info " + topic->name);
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

// Messages as JSON and back: protobuf's own mapping; base64 where there is no protobuf.
#include <google/protobuf/stubs/strutil.h>
#include <google/protobuf/util/json_util.h>

#include <set>

#include "client/schema_state.hpp"

namespace bus {

namespace {

namespace pb = google::protobuf;

std::string_view text(std::span<std::byte const> bytes) { return {reinterpret_cast<char const*>(bytes.data()), bytes.size()}; }

std::string base64_string(std::span<std::byte const> bytes) {
    std::string encoded;
    pb::Base64Escape({text(bytes).data(), text(bytes).size()}, &encoded);
    return '"' + encoded + '"';
}

std::string_view trimmed(std::string_view json) {
    constexpr std::string_view kSpace = " \t\r\n";
    auto const first = json.find_first_not_of(kSpace);
    return first == json.npos ? std::string_view{} : json.substr(first, json.find_last_not_of(kSpace) - first + 1);
}

Result<std::string> from_base64_string(std::string_view json) {
    auto const inner = trimmed(json);
    std::string bytes;
    if (inner.size() < 2 || inner.front() != '"' || inner.back() != '"' ||
        !pb::Base64Unescape({inner.data() + 1, inner.size() - 2}, &bytes))
        return Error(Errc::invalid, "bytes are written as a JSON string in base64", "\"aGVsbG8=\"");
    return bytes;
}

bool has_groups(pb::Descriptor const& type, std::set<pb::Descriptor const*>& seen) {
    if (!seen.insert(&type).second) return false;
    for (int i = 0; i < type.field_count(); ++i) {
        auto const& field = *type.field(i);
        if (field.type() == pb::FieldDescriptor::TYPE_GROUP) return true;
        if (field.message_type() != nullptr && has_groups(*field.message_type(), seen)) return true;
    }
    return false;
}

}  // namespace

bool Schema::State::has_groups() const {
    std::call_once(looked_for_groups_, [&] {
        std::set<pb::Descriptor const*> seen;
        has_groups_ = descriptor != nullptr && bus::has_groups(*descriptor, seen);
    });
    return has_groups_;
}

Result<std::string> Schema::json(std::span<std::byte const> bytes) const {
    if (descriptor() == nullptr) return base64_string(bytes);
    auto const message = decode(bytes);
    if (!message) return message.error();
    if (state_->has_groups())
        return Error(Errc::invalid, "type " + type() + " has a proto2 group, which protobuf's JSON can't write",
                     "the bytes: bus topic echo --raw");
    pb::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    options.always_print_primitive_fields = true;
    std::string json;
    auto const status = pb::util::MessageToJsonString(**message, &json, options);
    if (!status.ok())
        return Error(Errc::invalid, "message of type " + type() + " can't be written as JSON: " + std::string(status.message()));
    return json;
}

Result<std::string> Schema::parse_json(std::string_view json) const {
    if (descriptor() == nullptr) return from_base64_string(json);
    std::unique_ptr<pb::Message> const message(state_->prototype()->New());
    auto const status = pb::util::JsonStringToMessage({json.data(), json.size()}, message.get(), pb::util::JsonParseOptions{});
    if (!status.ok()) return Error(Errc::invalid, "no message of type " + type() + ": " + std::string(status.message()));
    std::string bytes;
    if (!message->SerializeToString(&bytes))
        return Error(Errc::invalid, "message of type " + type() + ": " + message->InitializationErrorString());
    return bytes;
}

}  // namespace bus

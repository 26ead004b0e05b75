// How one message is written by `topic echo`.
#include "echo_format.hpp"

#include <google/protobuf/descriptor.h>

#include <chrono>

#include "errors.hpp"
#include "field_value.hpp"
#include "json_read.hpp"
#include "json_writer.hpp"
#include "time_text.hpp"

namespace bus::tool {
namespace {

std::string_view as_text(std::span<std::byte const> bytes) { return {reinterpret_cast<char const*>(bytes.data()), bytes.size()}; }

/// Protobuf's length before a message: seven bits a byte, the lowest first.
std::string varint(std::size_t number) {
    std::string bytes;
    for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(0x80 | (number & 0x7F));
    return bytes + static_cast<char>(number);
}

/// Why the path means no field of the type; empty where it does, or where its meaning depends on the message (maps, lists, well-known
/// types).
std::string unknown_field(google::protobuf::Descriptor const* type, std::string_view path) {
    while (type != nullptr && !path.empty()) {
        if (type->file()->package() == "google.protobuf") return {};
        auto const dot = std::min(path.find('.'), path.size());
        auto const name = std::string(path.substr(0, dot));
        auto const* field = type->FindFieldByName(name);
        if (field == nullptr) return "type " + type->full_name() + " has no field '" + name + "'";
        if (field->is_repeated()) return {};
        path.remove_prefix(std::min(dot + 1, path.size()));
        type = field->message_type();
        if (type == nullptr && !path.empty()) return "field " + field->full_name() + " has no fields of its own";
    }
    return {};
}

}  // namespace

Result<std::string> EchoFormat::format(Sample<Any> const& sample) {
    if (options_.raw == "delimited") return varint(sample.bytes().size()) + std::string(as_text(sample.bytes()));
    if (!options_.raw.empty()) return std::string(as_text(sample.bytes()));
    std::string error;
    auto const message = message_json(sample, error);
    if (!message) return message.error();
    if (options_.csv && !error.empty())
        return Error(Errc::invalid,
                     "message " + std::to_string(sample.info().sequence) + " of '" + std::string(sample.info().topic) + "': " + error);
    if (options_.csv) return csv_.format(sample, *message);
    return options_.json ? json_line(sample, *message, error) : text_line(sample, *message, error);
}

Result<std::string> EchoFormat::message_json(Sample<Any> const& sample, std::string& error) {
    auto json = sample.message().json();
    if (!json) {
        error = json.error().what();
        return std::string("null");
    }
    if (options_.fields.empty()) return *json;
    if (auto found = check_fields(sample.message()); !found) return found.error();
    if (options_.csv) return *json;
    if (options_.fields.size() == 1) return value_at(*json, options_.fields.front());
    auto const values = values_at(*json, options_.fields);
    return values ? Result<std::string>(object_of(options_.fields, *values)) : values.error();
}

Result<void> EchoFormat::check_fields(Any const& message) {
    auto const type = message.type();
    if (!type.empty() && type == checked_type_) return {};
    auto const* descriptor = message.descriptor();
    if (descriptor == nullptr) return usage_error("bytes have no fields: --field has no meaning here", "leave --field out");
    if (descriptor->file()->package() == "google.protobuf")
        return usage_error(descriptor->full_name() + " is one value: --field has no meaning here", "leave --field out");
    for (auto const& field : options_.fields) {
        auto const wrong = unknown_field(descriptor, field);
        if (wrong.empty()) continue;
        return usage_error(std::string("--field ").append(field).append(": ").append(wrong),
                           descriptor->full_name() + " has " + field_names(*descriptor));
    }
    checked_type_ = type;
    return {};
}

std::string EchoFormat::json_line(Sample<Any> const& sample, std::string const& message, std::string const& error) const {
    auto const& info = sample.info();
    JsonWriter json;
    json.object().member("topic", info.topic).member("type", sample.message().type());
    json.member("publisher", info.publisher).member("sequence", info.sequence);
    json.key("time");
    info.sent == SentTime{} ? json.null() : json.value(rfc3339(info.sent));
    json.key("age");
    auto const age = std::chrono::steady_clock::now() - info.sent_steady;
    info.sent_steady == Deadline{} ? json.null() : json.value(std::chrono::duration<double>(age).count());
    json.member("lost", info.lost_before).key("message").raw(message);
    if (info.origin) {
        json.key("origin").object().member("publisher", info.origin->publisher).member("sequence", info.origin->sequence);
        json.member("time", rfc3339(info.origin->sent)).member("host", info.origin->host).end_object();
    }
    if (options_.fields.size() == 1) json.member("field", options_.fields.front());
    if (options_.fields.size() > 1) {
        json.key("fields").array();
        for (auto const& field : options_.fields) json.value(field);
        json.end_array();
    }
    if (!error.empty()) json.member("error", error);
    return json.end_object().take() + "\n";
}

/// The values alone, with tabs between them.
std::string EchoFormat::fields_line(std::string const& message) const {
    if (options_.fields.size() == 1) return printable(without_quotes(message)) + "\n";
    std::string line;
    for (auto const& [name, value] : members_of(message)) line += (line.empty() ? "" : "\t") + printable(without_quotes(value));
    return line + "\n";
}

std::string EchoFormat::text_line(Sample<Any> const& sample, std::string const& message, std::string const& error) const {
    if (!options_.fields.empty() && error.empty()) return fields_line(message);
    auto const& info = sample.info();
    auto line = info.sent == SentTime{} ? std::string("-") : time_of_day(info.sent);
    line += " " + std::string(info.topic) + " #" + std::to_string(info.sequence) + " ";
    if (info.lost_before > 0) line += "(" + std::to_string(info.lost_before) + " lost before) ";
    return line + (error.empty() ? message : "(" + printable(error) + ")") + "\n";
}

}  // namespace bus::tool

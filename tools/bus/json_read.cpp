// The only file that sees nlohmann-json, which is slow to compile.
#include "json_read.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "json_slice.hpp"
#include "json_writer.hpp"

namespace bus::tool {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 9> kEnvelope{"topic", "type", "publisher", "sequence", "time", "age", "lost", "message", "origin"};

constexpr std::size_t kDeepest = 200;

/// Brackets that are open at once, at most: what goes down a level for each would run out of stack.
std::size_t depth_of(std::string_view text) {
    std::size_t depth = 0, deepest = 0;
    bool in_text = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto const c = text[at];
        if (in_text) {
            if (c == '\\') ++at;
            in_text = c != '"';
        } else if (c == '"') {
            in_text = true;
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        }
    }
    return deepest;
}

/// Into `document`: a Result<Json> is out of the question, since a Json converts to everything.
Result<void> parse(std::string const& text, Json& document) {
    if (depth_of(text) > kDeepest)
        return Error(Errc::invalid, "JSON that is nested deeper than " + std::to_string(kDeepest) + " levels",
                     "no message is: protobuf allows 100");
    try {
        document = Json::parse(text);
        return {};
    } catch (Json::exception const& error) {
        std::string_view const what = error.what();  // "[json.exception.parse_error.101] parse error at line 1, ..."
        auto const name = what.find("] ");
        return Error(Errc::invalid, "no JSON: " + std::string(name == what.npos ? what : what.substr(name + 2)),
                     "a message is JSON with the field names of its .proto: '{\"x\":1}'");
    }
}

bool is_envelope(Json const& json) {
    if (!json.is_object() || !json.contains("topic") || !json.contains("message") || !json["topic"].is_string()) return false;
    return std::all_of(json.items().begin(), json.items().end(),
                       [](auto const& item) { return std::find(kEnvelope.begin(), kEnvelope.end(), item.key()) != kEnvelope.end(); });
}

/// A line of `topic echo` about a message that can't be decoded.
bool tells_an_error(Json const& json) {
    return json.is_object() && json.contains("topic") && json.contains("message") && json["message"].is_null() && json.contains("error") &&
           json["error"].is_string();
}

/// The member or the element of that name.
std::optional<std::string_view> step(std::string_view json, std::string const& name) {
    if (json.starts_with('{')) return slice_of_member(json, name);
    bool const number =
        !name.empty() && name.size() < 10 && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
    return number ? slice_of_element(json, static_cast<std::size_t>(std::stoul(name))) : std::nullopt;
}

std::string text_at(std::string_view json, std::string_view path) {
    std::optional<std::string_view> at = json;
    while (at && !path.empty()) {
        auto const dot = std::min(path.find('.'), path.size());
        at = step(*at, std::string(path.substr(0, dot)));
        path.remove_prefix(std::min(dot + 1, path.size()));
    }
    return std::string(at.value_or("null"));
}

}  // namespace

Result<PublishLine> read_publish_line(std::string const& line, bool bare) {
    Json json;
    if (auto parsed = parse(line, json); !parsed) return parsed.error();
    if (!bare && tells_an_error(json))
        return Error(Errc::invalid, "it says that its message could not be decoded: " + json["error"].get<std::string>(),
                     "publish it from `bus topic echo --raw=delimited`, or leave it out: jq -c 'select(.error == null)'");
    if (bare || !is_envelope(json)) return PublishLine{{}, {}, line};
    PublishLine read{json["topic"].get<std::string>(), {}, std::string(slice_of_member(line, "message").value_or("null"))};
    if (json.contains("type") && json["type"].is_string()) {
        read.type = json["type"].get<std::string>();
        if (read.type.empty()) read.type = "bytes";  // as --type has it
    }
    return read;
}

Result<std::string> value_at(std::string const& json, std::string_view path) {
    auto values = values_at(json, {std::string(path)});
    return values ? Result<std::string>(std::move(values->front())) : values.error();
}

Result<std::vector<std::string>> values_at(std::string const& json, std::vector<std::string> const& paths) {
    Json document;
    if (auto parsed = parse(json, document); !parsed) return parsed.error();
    std::vector<std::string> values;
    for (auto const& path : paths) values.push_back(text_at(json, path));
    return values;
}

std::string object_of(std::vector<std::string> const& names, std::vector<std::string> const& values) {
    JsonWriter json;
    json.object();
    for (std::size_t i = 0; i < names.size(); ++i) json.key(names[i]).raw(values[i]);
    return json.end_object().take();
}

std::vector<std::pair<std::string, std::string>> members_of(std::string const& json) {
    std::vector<std::pair<std::string, std::string>> members;
    for (auto const& [name, value] : slices_of_object(json)) members.emplace_back(without_quotes(std::string(name)), value);
    return members;
}

std::string without_quotes(std::string const& json) {
    auto const text = read_string(json);
    return text ? *text : json;
}

Result<std::string> read_string(std::string const& json) {
    Json document;
    if (auto parsed = parse(json, document); !parsed) return parsed.error();
    if (!document.is_string()) return Error(Errc::invalid, "no JSON string: " + json.substr(0, 60));
    return document.get<std::string>();
}

}  // namespace bus::tool

// JSON to serialized messages.
#include "message_builder.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

#include "base64.hpp"
#include "json_read.hpp"

namespace bus::tool {
namespace {

/// Protobuf shows the place in further lines: the message again, and a caret.
std::string first_line(std::string_view text) { return std::string(text.substr(0, text.find('\n'))); }

}  // namespace

struct MessageBuilder::Dynamic {
    google::protobuf::DynamicMessageFactory factory;
    std::unique_ptr<google::protobuf::Message> message;
};

MessageBuilder::MessageBuilder(Schema schema) : schema_(std::move(schema)) {
    auto const* descriptor = schema_.descriptor();
    if (descriptor == nullptr) return;
    dynamic_ = std::make_unique<Dynamic>();
    dynamic_->message.reset(dynamic_->factory.GetPrototype(descriptor)->New());
}

MessageBuilder::~MessageBuilder() = default;

Result<std::string> MessageBuilder::serialize(std::string const& json) {
    if (!dynamic_) {
        auto const text = read_string(json);
        return text ? decode_base64(*text) : Error(Errc::invalid, text.error().what(), "bytes are a base64 string in JSON: '\"aGVsbG8=\"'");
    }
    auto& message = *dynamic_->message;
    message.Clear();
    auto const parsed = google::protobuf::util::JsonStringToMessage(json, &message);
    if (!parsed.ok()) {
        return Error(Errc::invalid, "no message of type " + schema_.type() + ": " + first_line(std::string(parsed.message())),
                     "fields are written as in the .proto: '{\"x\":1}'");
    }
    if (!message.IsInitialized()) {
        return Error(Errc::invalid, "the message of type " + schema_.type() + " lacks " + message.InitializationErrorString());
    }
    return message.SerializeAsString();
}

}  // namespace bus::tool

// bus schema show: types as they travel on the bus, as .proto text.
#include <google/protobuf/descriptor.h>
#include <bus/introspect.hpp>

#include <set>

#include "connect.hpp"
#include "errors.hpp"
#include "json_writer.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

using google::protobuf::FileDescriptor;

/// The file and what it imports, each once, imports first; protobuf's own, which everybody has, only with their names.
void collect(FileDescriptor const& file, std::set<std::string>& seen, std::vector<FileDescriptor const*>& files) {
    if (!seen.insert(file.name()).second) return;
    for (int i = 0; i < file.dependency_count(); ++i) collect(*file.dependency(i), seen, files);
    if (!file.name().starts_with("google/protobuf/")) files.push_back(&file);
}

std::vector<FileDescriptor const*> files_of(Schema const& schema) {
    std::vector<FileDescriptor const*> files;
    std::set<std::string> seen;
    if (schema.descriptor() != nullptr) collect(*schema.descriptor()->file(), seen, files);
    return files;
}

std::string as_text(Schema const& schema) {
    if (schema.type().empty()) return "// bytes: no type\n";
    auto const files = files_of(schema);
    if (files.empty()) return "// " + printable(schema.type()) + ": a plain struct, whose fields are known to its programs alone\n";
    std::string text;
    for (auto const* file : files) {
        if (!text.empty()) text += "\n";
        text += "// " + printable(file->name()) + "\n" + printable(file->DebugString());
    }
    return text;
}

std::string as_json(std::vector<Schema> const& schemas) {
    JsonWriter json;
    json.object().key("schemas").array();
    for (auto const& schema : schemas) {
        auto const bytes = schema.descriptor_set();
        json.object()
            .member("type", schema.type())
            .member("kind", schema.descriptor() != nullptr ? "protobuf"
                            : schema.type().empty()        ? "bytes"
                                                           : "plain");
        json.key("files").array();
        for (auto const* file : files_of(schema))
            json.object().member("name", file->name()).member("package", file->package()).member("text", file->DebugString()).end_object();
        json.end_array().key("descriptor_set");
        auto const base64 = Schema().json(bytes);  // as every message of bytes
        bytes.empty() || !base64 ? json.null() : json.raw(*base64);
        json.end_object();
    }
    return json.end_array().end_object().take() + "\n";
}

class SchemaShow final : public Verb {
public:
    void declare(OptionSet& options) override {
        options.texts("TYPE", wanted_, "Full name of a type, or a topic", Need::required, "TYPE");
        options.flag("--raw", raw_, "The serialized google.protobuf.FileDescriptorSet, as protoc and buf read it");
    }

    Result<ExitStatus> run(Context& context) override {
        if (raw_ && context.json) return usage_error("--raw and --json can't be had together", "leave one out");
        if (raw_ && wanted_.size() > 1) return usage_error("--raw shows one type", "give one TYPE");
        std::vector<Schema> schemas;
        for (auto const& one : wanted_) {
            auto schema = find_schema(one, connection_options(context));
            if (!schema) return schema.error();
            schemas.push_back(std::move(*schema));
        }
        std::string text;
        if (raw_) {
            auto const bytes = schemas.front().descriptor_set();
            text.assign(reinterpret_cast<char const*>(bytes.data()), bytes.size());
        } else if (context.json) {
            text = as_json(schemas);
        } else {
            for (auto const& schema : schemas) text += (text.empty() ? "" : "\n") + as_text(schema);
        }
        if (auto written = context.out.write(text); !written) return written.error();
        if (auto broker = want_broker(context); !broker) return broker.error();
        return ExitStatus::done;
    }

private:
    std::vector<std::string> wanted_;
    bool raw_ = false;
};

}  // namespace

VerbEntry const kSchemaShow{"schema",
                            "show",
                            "A type, or the type of a topic, as .proto text",
                            "The text comes from the descriptors that travel with the topic: nobody's .proto file is needed, comments are "
                            "not in it. Where the topic's file imports others of yours, all are shown, each behind a line with its name.",
                            make_verb<SchemaShow>,
                            "  bus schema show nav.Pose > pose.proto\n"
                            "  bus schema show robot/pose --raw | protoc --decode_raw"};

}  // namespace bus::tool

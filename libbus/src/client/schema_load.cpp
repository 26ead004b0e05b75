// Compiling .proto files, for those who publish a type no program on the bus has yet.
#include <google/protobuf/compiler/importer.h>

#include "client/schema_state.hpp"
#include "sys/file.hpp"

namespace bus {

namespace {

namespace pb = google::protobuf;

class Findings final : public pb::compiler::MultiFileErrorCollector {
public:
    void AddError(std::string const& file, int line, int column, std::string const& text) override {
        if (++count_ > kShown) return;
        text_ += (text_.empty() ? "" : "\n") + file + ":" + std::to_string(line + 1) + ":" + std::to_string(column + 1) + ": " + text;
    }
    std::string text() const { return count_ <= kShown ? text_ : text_ + "\nand " + std::to_string(count_ - kShown) + " more"; }

private:
    static constexpr std::size_t kShown = 5;  // a file that is no .proto at all has one for each byte

    std::string text_;
    std::size_t count_ = 0;
};

std::string types_in(pb::FileDescriptor const& file) {
    std::string names;
    for (int i = 0; i < file.message_type_count(); ++i) names += (i > 0 ? ", " : "") + file.message_type(i)->full_name();
    return names.empty() ? "it has no messages" : "it has " + names;
}

}  // namespace

Result<Schema> Schema::load(std::string const& proto_file, std::string_view type) {
    if (auto const there = sys::read_file(proto_file); !there) return there.error();
    auto const slash = proto_file.rfind('/');
    auto const name = slash == proto_file.npos ? proto_file : proto_file.substr(slash + 1);
    auto const folder = slash == proto_file.npos ? std::string(".") : slash == 0 ? std::string("/") : proto_file.substr(0, slash);
    pb::compiler::DiskSourceTree places;
    for (auto const& place : {folder, std::string("."), std::string("/usr/local/include"), std::string("/usr/include")})
        places.MapPath("", place);
    Findings findings;
    pb::compiler::Importer importer(&places, &findings);
    auto const* const file = importer.Import(name);
    if (file == nullptr) return Error(Errc::invalid, findings.text());
    auto const* const descriptor = importer.pool()->FindMessageTypeByName(std::string(type));
    if (descriptor == nullptr)
        return Error(Errc::not_found, "no type " + std::string(type) + " in " + proto_file + ": " + types_in(*file), "give its full name");
    return of(*descriptor);
}

}  // namespace bus

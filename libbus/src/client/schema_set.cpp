// Descriptor sets.
#include "client/schema_set.hpp"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <map>
#include <set>
#include <vector>

namespace bus::client {

namespace {

namespace pb = google::protobuf;

// Imports first, each once, in the order in which they are named. Not recursive: a program's own types may be nested as they like.
void add_with_imports(pb::FileDescriptor const* file, pb::FileDescriptorSet& into) {
    struct Open {
        pb::FileDescriptor const* file;
        int next_import;
    };
    std::set<pb::FileDescriptor const*> seen{file};
    std::vector<Open> open{{file, 0}};
    while (!open.empty()) {
        auto& top = open.back();
        if (top.next_import < top.file->dependency_count()) {
            auto const* const import = top.file->dependency(top.next_import++);
            if (seen.insert(import).second) open.push_back({import, 0});
        } else {
            top.file->CopyTo(into.add_file());
            open.pop_back();
        }
    }
}

Error bad_set(std::string const& why) { return Error(Errc::invalid, "descriptor set: " + why); }

std::size_t count_messages(pb::DescriptorProto const& message) {
    std::size_t count = 1;
    for (auto const& nested : message.nested_type()) count += count_messages(nested);
    return count;
}

Result<void> check_size(pb::FileDescriptorSet const& set) {
    if (static_cast<std::size_t>(set.file_size()) > kMaxSetFiles)
        return Error(Errc::too_large,
                     "descriptor set: " + std::to_string(set.file_size()) + " files, at most " + std::to_string(kMaxSetFiles));
    std::size_t messages = 0;
    for (auto const& file : set.file())
        for (auto const& message : file.message_type()) messages += count_messages(message);
    if (messages > kMaxSetMessages)
        return Error(Errc::too_large,
                     "descriptor set: " + std::to_string(messages) + " messages, at most " + std::to_string(kMaxSetMessages));
    return {};
}

class FirstError final : public pb::DescriptorPool::ErrorCollector {
public:
    void AddError(std::string const& file, std::string const& element, pb::Message const*, ErrorLocation,
                  std::string const& text) override {
        if (first_.empty()) first_ = file + ": " + element + ": " + text;
    }
    std::string const& text() const { return first_; }

private:
    std::string first_;
};

using Files = std::map<std::string_view, pb::FileDescriptorProto const*>;

// Builds one file once all it imports was built; what it imports may stand anywhere in the set.
Result<void> build_file(std::string_view name, Files const& files, pb::DescriptorPool& pool) {
    struct Open {
        pb::FileDescriptorProto const* file;
        int next_import;
    };
    std::vector<Open> open;
    std::set<std::string_view> under_way;
    auto const begin = [&](std::string_view wanted, std::string_view by) -> Result<void> {
        if (pool.FindFileByName(std::string(wanted)) != nullptr) return {};
        auto const found = files.find(wanted);
        if (found == files.end()) return bad_set(std::string(by) + " imports " + std::string(wanted) + ", which is not in it");
        if (!under_way.insert(found->first).second) return bad_set(std::string(wanted) + " imports itself");
        open.push_back({found->second, 0});
        return {};
    };
    if (auto begun = begin(name, "it"); !begun) return begun;
    while (!open.empty()) {
        auto& top = open.back();
        if (top.next_import < top.file->dependency_size()) {
            if (auto begun = begin(top.file->dependency(top.next_import++), top.file->name()); !begun) return begun;
            continue;
        }
        FirstError error;
        if (pool.BuildFileCollectingErrors(*top.file, &error) == nullptr) return bad_set(error.text());
        under_way.erase(top.file->name());
        open.pop_back();
    }
    return {};
}

}  // namespace

Result<std::string> make_set(pb::Descriptor const& type) {
    pb::FileDescriptorSet set;
    add_with_imports(type.file(), set);
    std::string bytes;
    {
        pb::io::StringOutputStream stream(&bytes);
        pb::io::CodedOutputStream coded(&stream);
        coded.SetSerializationDeterministic(true);
        set.SerializeToCodedStream(&coded);
    }
    if (bytes.size() > kMaxSetBytes)
        return Error(Errc::too_large, "type " + type.full_name() + ": with its imports its descriptor has " + std::to_string(bytes.size()) +
                                          " bytes, at most " + std::to_string(kMaxSetBytes));
    return bytes;
}

Result<std::unique_ptr<pb::DescriptorPool>> build_set(std::span<std::byte const> bytes) {
    if (bytes.size() > kMaxSetBytes)
        return Error(Errc::too_large,
                     "descriptor set: " + std::to_string(bytes.size()) + " bytes, at most " + std::to_string(kMaxSetBytes));
    pb::LogSilencer const silent;  // protobuf writes to stderr about each bad string
    pb::FileDescriptorSet set;
    if (!set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return bad_set("its bytes don't parse");
    if (auto checked = check_size(set); !checked) return checked.error();
    Files files;
    for (auto const& file : set.file())
        if (!files.emplace(file.name(), &file).second) return bad_set("two files are called " + file.name());
    auto pool = std::make_unique<pb::DescriptorPool>();
    for (auto const& [name, file] : files)
        if (auto built = build_file(name, files, *pool); !built) return built.error();
    return pool;
}

}  // namespace bus::client

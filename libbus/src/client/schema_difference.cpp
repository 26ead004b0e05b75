// What differs between two versions of a type: by field number, as protobuf reads them, down into the messages they hold.
#include <google/protobuf/descriptor.h>

#include <map>
#include <set>

#include "client/schema_state.hpp"

namespace bus {

namespace {

namespace pb = google::protobuf;
using Change = SchemaDifference::Change;
using Verdict = Change::Verdict;

// Types that share a form on the wire: a number written as one is read as the other, perhaps cut.
int wire_family(pb::FieldDescriptor const& field) {
    switch (field.type()) {
        case pb::FieldDescriptor::TYPE_INT32:
        case pb::FieldDescriptor::TYPE_INT64:
        case pb::FieldDescriptor::TYPE_UINT32:
        case pb::FieldDescriptor::TYPE_UINT64:
        case pb::FieldDescriptor::TYPE_BOOL:
        case pb::FieldDescriptor::TYPE_ENUM:
            return 100;
        case pb::FieldDescriptor::TYPE_SINT32:
        case pb::FieldDescriptor::TYPE_SINT64:
            return 101;
        case pb::FieldDescriptor::TYPE_FIXED32:
        case pb::FieldDescriptor::TYPE_SFIXED32:
            return 102;
        case pb::FieldDescriptor::TYPE_FIXED64:
        case pb::FieldDescriptor::TYPE_SFIXED64:
            return 103;
        case pb::FieldDescriptor::TYPE_STRING:
        case pb::FieldDescriptor::TYPE_BYTES:
            return 104;
        default:
            return field.type();
    }
}

std::string described(pb::FieldDescriptor const& field) {
    std::string text = field.is_repeated() ? "repeated " : field.is_required() ? "required " : "";
    if (field.message_type() != nullptr)
        text += field.message_type()->full_name();
    else if (field.enum_type() != nullptr)
        text += field.enum_type()->full_name();
    else
        text += field.type_name();
    return text + " " + field.name() + " = " + std::to_string(field.number());
}

class Comparison {
public:
    explicit Comparison(SchemaDifference& into) : into_(into) {}

    void messages(pb::Descriptor const& ours, pb::Descriptor const& theirs, std::string const& path, int depth) {
        // Types may hold themselves; a pair is compared once, and no deeper than a message is parsed.
        if (depth > 64 || !compared_.insert({&ours, &theirs}).second) return;
        std::map<int, std::pair<pb::FieldDescriptor const*, pb::FieldDescriptor const*>> fields;
        for (int i = 0; i < ours.field_count(); ++i) fields[ours.field(i)->number()].first = ours.field(i);
        for (int i = 0; i < theirs.field_count(); ++i) fields[theirs.field(i)->number()].second = theirs.field(i);
        for (auto const& [number, pair] : fields) field(pair.first, pair.second, path, depth);
    }

private:
    void field(pb::FieldDescriptor const* ours, pb::FieldDescriptor const* theirs, std::string const& path, int depth) {
        auto const name = path + (ours != nullptr ? ours : theirs)->name();
        if (ours == nullptr || theirs == nullptr) {
            auto const& only = ours != nullptr ? *ours : *theirs;
            add(only.is_required() ? Verdict::refused : Verdict::readable, name, ours, theirs);
            return;
        }
        if (ours->is_required() != theirs->is_required()) return add(Verdict::refused, name, ours, theirs);
        if (wire_family(*ours) != wire_family(*theirs)) return add(Verdict::refused, name, ours, theirs);
        if (ours->is_repeated() != theirs->is_repeated()) return add(Verdict::lossy, name, ours, theirs);
        if (ours->type() != theirs->type()) return add(Verdict::lossy, name, ours, theirs);
        if (ours->name() != theirs->name()) add(Verdict::readable, name, ours, theirs);
        if (ours->message_type() != nullptr) messages(*ours->message_type(), *theirs->message_type(), name + ".", depth + 1);
    }

    void add(Verdict verdict, std::string const& name, pb::FieldDescriptor const* ours, pb::FieldDescriptor const* theirs) {
        into_.changes.push_back({verdict, name, ours != nullptr ? described(*ours) : "", theirs != nullptr ? described(*theirs) : ""});
    }

    SchemaDifference& into_;
    std::set<std::pair<pb::Descriptor const*, pb::Descriptor const*>> compared_;
};

}  // namespace

SchemaDifference Schema::difference(Schema const& other) const {
    auto const shown = [](Schema const& schema) { return schema.type().empty() ? std::string("bytes") : schema.type(); };
    SchemaDifference difference{shown(*this), shown(other), {}};
    auto const* const ours = descriptor();
    auto const* const theirs = other.descriptor();
    if (type() != other.type())
        difference.changes.push_back({Verdict::refused, "(the type)", shown(*this), shown(other)});
    else if ((ours == nullptr) != (theirs == nullptr))
        difference.changes.push_back(
            {Verdict::refused, "(the kind)", ours != nullptr ? "protobuf" : "plain", theirs != nullptr ? "protobuf" : "plain"});
    else if (ours != nullptr && ours != theirs)
        Comparison(difference).messages(*ours, *theirs, "", 0);
    return difference;
}

}  // namespace bus

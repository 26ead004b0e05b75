// Rules: protobuf's language guides ("Updating a message type"), its encoding guide, and what its parser was seen to do
// (tests/unit/type_comparison_test.cpp runs both ways through it).
#include "wire/type_comparison.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "wire/type_tables.hpp"

namespace bus::wire {

namespace {

using google::protobuf::DescriptorProto;
using google::protobuf::EnumDescriptorProto;
using Field = google::protobuf::FieldDescriptorProto;
using Change = SchemaDifference::Change;
using Verdict = Change::Verdict;

constexpr std::size_t kMaxPathBytes = 128;  // and of each other text of a change: an answer of busd is bounded

bool is_repeated(Field const& field) { return field.label() == Field::LABEL_REPEATED; }
bool is_required(Field const& field) { return field.label() == Field::LABEL_REQUIRED; }
bool is_composite(Field const& field) { return field.type() == Field::TYPE_MESSAGE || field.type() == Field::TYPE_GROUP; }

// A oneof of one field that was written `optional` in proto3 is none.
bool in_oneof(Field const& field) { return field.has_oneof_index() && !field.proto3_optional(); }

// Types of one family share a form of bytes: a value written as one is read as another of it, perhaps cut or of another meaning.
enum class Family { varint, zigzag, fixed32, fixed64, bytes, message, group };

Family family_of(Field::Type type) {
    switch (type) {
        case Field::TYPE_SINT32:
        case Field::TYPE_SINT64:
            return Family::zigzag;
        case Field::TYPE_FIXED32:
        case Field::TYPE_SFIXED32:
        case Field::TYPE_FLOAT:
            return Family::fixed32;
        case Field::TYPE_FIXED64:
        case Field::TYPE_SFIXED64:
        case Field::TYPE_DOUBLE:
            return Family::fixed64;
        case Field::TYPE_STRING:
        case Field::TYPE_BYTES:
            return Family::bytes;
        case Field::TYPE_MESSAGE:
            return Family::message;
        case Field::TYPE_GROUP:
            return Family::group;
        default:
            return Family::varint;
    }
}

std::string word_for(Field::Type type) {
    auto name = Field::Type_Name(type).substr(sizeof("TYPE_") - 1);
    std::ranges::transform(name, name.begin(), [](char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
    return name;
}

// For people, and for a proto3 string: names in a set are whatever its writer put there.
std::string shortened(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return c < 0x20 || c > 0x7E; }, '?');
    if (text.size() > kMaxPathBytes) text = text.substr(0, kMaxPathBytes - 3) + "...";
    return text;
}

std::string described(Field const* field) {
    if (field == nullptr) return {};
    std::string text = is_repeated(*field) ? "repeated " : is_required(*field) ? "required " : "";
    text += field->type_name().empty() ? word_for(field->type()) : field->type_name().substr(field->type_name()[0] == '.' ? 1 : 0);
    return text + " " + field->name() + " = " + std::to_string(field->number());
}

std::string described(std::string const* value, int number) {
    return value != nullptr ? *value + " = " + std::to_string(number) : std::string();
}

constexpr std::size_t kMaxPairs = 8192;
constexpr std::size_t kMaxSteps = 500'000;  // fields and enum values looked at, those of a type once for each type it is held against

// Where a change lies, for people; the innermost part of one that is too long.
std::string path_below(std::string const& name) {
    if (name.size() < kMaxPathBytes) return name + ".";
    return "..." + name.substr(name.size() - kMaxPathBytes / 2) + ".";
}

class Comparison {
public:
    Comparison(TypeTables const& ours, TypeTables const& theirs, SchemaDifference& into) : ours_(ours), theirs_(theirs), into_(into) {}

    // A work list and no recursion: how long a chain of types is, is up to who sent it.
    Result<void> run(std::string const& type) {
        if (auto begun = later(type, type, ""); !begun) return begun;
        while (!open_.empty()) {
            auto const pair = std::move(open_.back());
            open_.pop_back();
            auto const* const ours = ours_.message(pair.ours);
            auto const* const theirs = theirs_.message(pair.theirs);
            if (ours == nullptr || theirs == nullptr) return missing(ours == nullptr ? pair.ours : pair.theirs);
            our_proto3_ = ours->proto3;
            their_proto3_ = theirs->proto3;
            if (auto done = messages(*ours->proto, *theirs->proto, pair.path); !done) return done;
            if (is_full()) break;
        }
        return {};
    }

private:
    struct Pair {
        std::string ours, theirs, path;
    };
    struct Both {
        Field const *ours = nullptr, *theirs = nullptr;
    };

    static Error missing(std::string const& name) {
        return Error(Errc::invalid, "descriptor set: it lacks " + name.substr(std::min<std::size_t>(1, name.size())));
    }

    // Each pair of types once. `kind` tells apart what the same two types are in different company.
    Result<bool> is_new(std::string const& ours, std::string const& theirs, std::string const& kind = {}) {
        for (auto const* const name : {&ours, &theirs})
            if (name->size() > kMaxTypeNameBytes) return missing(shortened(*name));
        if (!seen_.insert({ours + kind, theirs}).second) return false;
        if (seen_.size() > kMaxPairs) return too_much(kMaxPairs, "types");
        return true;
    }
    Result<void> later(std::string const& ours, std::string const& theirs, std::string path) {
        auto const fresh = is_new(ours, theirs);
        if (!fresh) return fresh.error();
        if (*fresh) open_.push_back({ours, theirs, std::move(path)});
        return {};
    }
    Result<void> count(std::size_t steps) {
        steps_ += steps;
        if (steps_ > kMaxSteps) return too_much(kMaxSteps, "fields and values");
        return {};
    }
    Error too_much(std::size_t limit, std::string const& what) const {
        return {Errc::too_large, "descriptor sets of " + into_.ours + ": more than " + std::to_string(limit) + " " + what + " to compare"};
    }

    Result<void> messages(DescriptorProto const& ours, DescriptorProto const& theirs, std::string const& path) {
        if (auto counted = count(static_cast<std::size_t>(ours.field_size()) + static_cast<std::size_t>(theirs.field_size())); !counted)
            return counted;
        if (ours.options().message_set_wire_format() != theirs.options().message_set_wire_format() ||
            ours.options().map_entry() != theirs.options().map_entry())
            add(Verdict::lossy, path.empty() ? "(the message)" : path.substr(0, path.size() - 1), ours.name(), theirs.name());
        std::map<int, Both> fields;
        for (auto const& field : ours.field()) fields[field.number()].ours = &field;
        for (auto const& field : theirs.field()) fields[field.number()].theirs = &field;
        for (auto const& [number, both] : fields)
            if (auto done = field(both, path); !done) return done;
        renumbered(ours, theirs, path);
        oneofs(fields, path);
        return {};
    }

    // The bytes alone don't show it: what one calls x is not what the other calls x.
    void renumbered(DescriptorProto const& ours, DescriptorProto const& theirs, std::string const& path) {
        std::map<std::string, Field const*> by_name;
        for (auto const& field : theirs.field()) by_name[field.name()] = &field;
        for (auto const& field : ours.field())
            if (auto const found = by_name.find(field.name()); found != by_name.end() && found->second->number() != field.number())
                add(Verdict::refused, path + field.name(), {&field, found->second});
    }

    Result<void> field(Both const& both, std::string const& path) {
        auto const& [ours, theirs] = both;
        auto const name = path + (ours != nullptr ? ours : theirs)->name();
        if (ours == nullptr || theirs == nullptr) {
            add(is_required(ours != nullptr ? *ours : *theirs) ? Verdict::refused : Verdict::readable, name, both);
            return {};
        }
        if (!ours->has_type() || !theirs->has_type())
            return Error(Errc::invalid, "descriptor set: the type of " + name + " is not resolved");
        if (auto const verdict = of_common_field(*ours, *theirs)) add(*verdict, name, both);
        if (is_composite(*ours) && is_composite(*theirs)) return later(ours->type_name(), theirs->type_name(), path_below(name));
        if (ours->type() == Field::TYPE_ENUM && theirs->type() == Field::TYPE_ENUM) return enums(*ours, *theirs, name);
        return {};
    }

    std::optional<Verdict> of_common_field(Field const& ours, Field const& theirs) const {
        if (is_required(ours) != is_required(theirs)) return Verdict::refused;
        if (family_of(ours.type()) != family_of(theirs.type())) return Verdict::refused;
        if (ours.type() != theirs.type() || is_repeated(ours) != is_repeated(theirs)) return Verdict::lossy;
        if (ours.type() == Field::TYPE_STRING && our_proto3_ != their_proto3_) return Verdict::lossy;  // proto2 writes what proto3 refuses
        if (ours.default_value() != theirs.default_value()) return Verdict::lossy;
        bool const same =
            ours.name() == theirs.name() && in_oneof(ours) == in_oneof(theirs) && ours.proto3_optional() == theirs.proto3_optional();
        return same ? std::nullopt : std::optional(Verdict::readable);
    }

    // Of two fields in one oneof the later takes the earlier away: they must not both be set by who does not know that.
    // Each common field is held against the first one of its oneof, on either side: so all of them agree.
    void oneofs(std::map<int, Both> const& fields, std::string const& path) {
        std::map<int, Both> first_of_ours, first_of_theirs;
        for (auto const& [number, both] : fields) {
            if (both.ours == nullptr || both.theirs == nullptr) continue;
            bool apart = false;
            if (in_oneof(*both.ours))
                apart |= !share_oneof(*first_of_ours.try_emplace(both.ours->oneof_index(), both).first->second.theirs, *both.theirs);
            if (in_oneof(*both.theirs))
                apart |= !share_oneof(*first_of_theirs.try_emplace(both.theirs->oneof_index(), both).first->second.ours, *both.ours);
            if (apart) add(Verdict::lossy, path + both.ours->name(), oneof_of(*both.ours), oneof_of(*both.theirs));
        }
    }
    static std::string oneof_of(Field const& field) {
        return described(&field) + (in_oneof(field) ? " in oneof " + std::to_string(field.oneof_index()) : std::string(" in no oneof"));
    }
    static bool share_oneof(Field const& one, Field const& other) {
        return &one == &other || (in_oneof(one) && in_oneof(other) && one.oneof_index() == other.oneof_index());
    }

    // What a closed enum's field is where nothing was said of it.
    static std::string first_of(EnumDescriptorProto const& type) {
        return type.value().empty() ? std::string() : std::to_string(type.value(0).number());
    }

    // A closed enum puts a number it does not know away; an open one keeps it. Whether it is open is up to the file of the enum and to that
    // of the field.
    Result<void> enums(Field const& our_field, Field const& their_field, std::string const& name) {
        auto const* const ours = ours_.enumeration(our_field.type_name());
        auto const* const theirs = theirs_.enumeration(their_field.type_name());
        if (ours == nullptr || theirs == nullptr) return missing(ours == nullptr ? our_field.type_name() : their_field.type_name());
        bool const ours_open = ours->open && our_proto3_, theirs_open = theirs->open && their_proto3_;
        bool const open = ours_open && theirs_open;
        auto const fresh = is_new(our_field.type_name(), their_field.type_name(),
                                  std::string(ours_open ? " open" : " closed") + (theirs_open ? " open" : " closed"));
        if (!fresh) return fresh.error();
        if (!*fresh) return {};
        if (auto counted =
                count(static_cast<std::size_t>(ours->proto->value_size()) + static_cast<std::size_t>(theirs->proto->value_size()));
            !counted)
            return counted;
        if (ours_open != theirs_open)
            add(Verdict::lossy, name, ours_open ? "open enum" : "closed enum", theirs_open ? "open enum" : "closed enum");
        if (first_of(*ours->proto) != first_of(*theirs->proto) && !open)
            add(Verdict::lossy, name, "default " + first_of(*ours->proto), "default " + first_of(*theirs->proto));
        std::map<std::string, std::pair<std::optional<int>, std::optional<int>>> by_name;
        std::map<int, std::pair<std::string const*, std::string const*>> by_number;
        for (auto const& value : ours->proto->value()) by_name[value.name()].first = value.number();
        for (auto const& value : theirs->proto->value()) by_name[value.name()].second = value.number();
        for (auto const& value : ours->proto->value()) by_number[value.number()].first = &value.name();
        for (auto const& value : theirs->proto->value()) by_number[value.number()].second = &value.name();
        for (auto const& [value, numbers] : by_name)
            if (numbers.first && numbers.second && *numbers.first != *numbers.second)
                add(Verdict::refused, name, described(&value, *numbers.first), described(&value, *numbers.second));
        for (auto const& [number, names] : by_number) {
            bool const common = names.first != nullptr && names.second != nullptr;
            if (common && *names.first == *names.second) continue;
            add(common || open ? Verdict::readable : Verdict::lossy, name, described(names.first, number), described(names.second, number));
        }
        return {};
    }

    void add(Verdict verdict, std::string const& name, Both const& both) {
        add(verdict, name, described(both.ours), described(both.theirs));
    }
    void add(Verdict verdict, std::string name, std::string ours, std::string theirs) {
        refused_ |= verdict == Verdict::refused;
        if (into_.changes.size() >= kMaxChanges) {
            auto const kinder = std::ranges::find_if(into_.changes, [&](auto const& change) { return change.verdict < verdict; });
            if (kinder == into_.changes.end()) return;
            into_.changes.erase(kinder);
        }
        into_.changes.push_back({verdict, shortened(std::move(name)), shortened(std::move(ours)), shortened(std::move(theirs))});
    }
    bool is_full() const { return refused_ && into_.changes.size() >= kMaxChanges; }

    TypeTables const& ours_;
    TypeTables const& theirs_;
    SchemaDifference& into_;
    std::vector<Pair> open_;
    std::set<std::pair<std::string, std::string>> seen_;
    std::size_t steps_ = 0;
    bool our_proto3_ = false, their_proto3_ = false;  // of the pair at hand
    bool refused_ = false;
};

bool parse(std::string_view bytes, google::protobuf::FileDescriptorSet& set) {
    return set.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

Result<SchemaDifference> compare_types(std::string_view our_set, std::string_view their_set, std::string const& type) {
    SchemaDifference difference{type, type, {}};
    if (our_set == their_set) return difference;
    google::protobuf::FileDescriptorSet ours, theirs;
    if (!parse(our_set, ours) || !parse(their_set, theirs))
        return Error(Errc::invalid, "descriptor set of " + type + ": its bytes don't parse");
    TypeTables const our_types(ours), their_types(theirs);
    if (auto done = Comparison(our_types, their_types, difference).run("." + type); !done) return done.error();
    return difference;
}

Verdict worst_of(SchemaDifference const& difference) noexcept {
    auto worst = Verdict::readable;
    for (auto const& change : difference.changes) worst = std::max(worst, change.verdict);
    return worst;
}

}  // namespace bus::wire

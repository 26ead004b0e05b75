// What a path means in a type, before any message is there.
#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "errors.hpp"
#include "field_value.hpp"

namespace bus::tool {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

FieldKind kind_of_one(FieldDescriptor const& field) {
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_BOOL:
            return FieldKind::truth;
        case FieldDescriptor::CPPTYPE_STRING:
            return FieldKind::text;
        case FieldDescriptor::CPPTYPE_ENUM:
            return FieldKind::enumeration;
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return FieldKind::message;
        default:
            return FieldKind::number;
    }
}

bool is_number(std::string const& text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

struct End {
    FieldDescriptor const* field = nullptr;
    bool element = false;
};

Result<End> follow(Descriptor const& whole, FieldPath const& path) {
    auto const* type = &whole;
    End at;
    for (auto const& part : path) {
        if (at.field != nullptr && at.field->is_map() && !at.element) {
            at = {at.field->message_type()->map_value(), false};
            type = at.field->message_type();
            continue;
        }
        if (at.field != nullptr && at.field->is_repeated() && !at.element) {
            if (!is_number(part))
                return usage_error("field " + at.field->full_name() + " is a list: '" + part + "' is no number of an element",
                                   at.field->name() + ".0 is its first one");
            at.element = true;
            continue;
        }
        if (type == nullptr) return usage_error("field " + at.field->full_name() + " has no fields of its own: '" + part + "'", {});
        auto const* const field = type->FindFieldByName(part);
        if (field == nullptr)
            return usage_error("type " + type->full_name() + " has no field '" + part + "'",
                               type->full_name() + " has " + field_names(*type));
        at = {field, false};
        type = field->message_type();
    }
    return at;
}

}  // namespace

std::string field_names(Descriptor const& type) {
    std::string names;
    for (int i = 0; i < type.field_count(); ++i) names += (i > 0 ? ", " : "") + type.field(i)->name();
    return names;
}

Result<FieldKind> kind_at(Descriptor const& type, FieldPath const& path) {
    auto const end = follow(type, path);
    if (!end) return end.error();
    if (end->field->is_map() && !end->element) return FieldKind::map;
    if (end->field->is_repeated() && !end->element) return FieldKind::list;
    return kind_of_one(*end->field);
}

bool has_enum_value(Descriptor const& type, FieldPath const& path, std::string const& name) {
    auto const end = follow(type, path);
    return end && end->field->enum_type() != nullptr && end->field->enum_type()->FindValueByName(name) != nullptr;
}

}  // namespace bus::tool

// Values of a message's fields, by reflection.
#include "field_value.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <array>
#include <charconv>
#include <concepts>
#include <optional>
#include <utility>

namespace bus::tool {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

/// A place in a message: a field, or one element of a list.
struct Place {
    Message const* message = nullptr;
    FieldDescriptor const* field = nullptr;  // null: `message` itself, as an element of a list or map
    int element = -1;
};

std::optional<int> index_of(std::string const& text) {
    int index = 0;
    auto const* const end = text.data() + text.size();
    auto const read = std::from_chars(text.data(), end, index);
    if (read.ec != std::errc() || read.ptr != end || index < 0) return std::nullopt;
    return index;
}

std::string scalar_text(Message const& message, FieldDescriptor const& field, int element);

/// The entry of that key, as a message of `key` and `value`.
Message const* map_entry(Message const& message, FieldDescriptor const& field, std::string const& key) {
    auto const& reflection = *message.GetReflection();
    auto const* const key_field = field.message_type()->map_key();
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
        auto const& entry = reflection.GetRepeatedMessage(message, &field, i);
        if (scalar_text(entry, *key_field, -1) == key) return &entry;
    }
    return nullptr;
}

/// The place at the path; nothing where it leads nowhere in this message.
std::optional<Place> find(Message const& whole, FieldPath const& path) {
    Place at{&whole, nullptr, -1};
    for (auto const& part : path) {
        auto const* message = at.message;
        if (at.field != nullptr) {  // into it
            auto const& reflection = *message->GetReflection();
            if (at.field->is_map()) {
                auto const* const entry = map_entry(*message, *at.field, part);
                if (entry == nullptr) return std::nullopt;
                at = {entry, at.field->message_type()->map_value(), -1};
                continue;
            }
            if (at.field->is_repeated() && at.element < 0) {
                auto const index = index_of(part);
                if (!index || *index >= reflection.FieldSize(*message, at.field)) return std::nullopt;
                at.element = *index;
                continue;
            }
            if (at.field->message_type() == nullptr) return std::nullopt;
            if (at.element < 0 && !reflection.HasField(*message, at.field)) return std::nullopt;
            message = at.element < 0 ? &reflection.GetMessage(*message, at.field)
                                     : &reflection.GetRepeatedMessage(*message, at.field, at.element);
        }
        auto const* const field = message->GetDescriptor()->FindFieldByName(part);
        if (field == nullptr) return std::nullopt;
        at = {message, field, -1};
    }
    return at.field == nullptr ? std::nullopt : std::optional(at);
}

bool is_whole_list(Place const& at) { return at.field->is_repeated() && at.element < 0; }

/// What JSON shows of it: 0.1 and not 0.100000001490116, so that it compares with 0.1 as one reads it.
double as_shown(float number) {
    std::array<char, 32> text{};
    auto const written = std::to_chars(text.data(), text.data() + text.size(), number);
    double shown = number;
    (void)std::from_chars(text.data(), written.ptr, shown);
    return shown;
}

/// Of one field or element that is no message.
FieldValue scalar(Message const& message, FieldDescriptor const& field, int element) {
    auto const& reflection = *message.GetReflection();
    auto const get = [&](auto one, auto repeated) {
        return element < 0 ? (reflection.*one)(message, &field) : (reflection.*repeated)(message, &field, element);
    };
    using R = google::protobuf::Reflection;
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_BOOL:
            return get(&R::GetBool, &R::GetRepeatedBool);
        case FieldDescriptor::CPPTYPE_INT32:
            return std::int64_t{get(&R::GetInt32, &R::GetRepeatedInt32)};
        case FieldDescriptor::CPPTYPE_INT64:
            return std::int64_t{get(&R::GetInt64, &R::GetRepeatedInt64)};
        case FieldDescriptor::CPPTYPE_UINT32:
            return std::uint64_t{get(&R::GetUInt32, &R::GetRepeatedUInt32)};
        case FieldDescriptor::CPPTYPE_UINT64:
            return std::uint64_t{get(&R::GetUInt64, &R::GetRepeatedUInt64)};
        case FieldDescriptor::CPPTYPE_FLOAT:
            return as_shown(get(&R::GetFloat, &R::GetRepeatedFloat));
        case FieldDescriptor::CPPTYPE_DOUBLE:
            return get(&R::GetDouble, &R::GetRepeatedDouble);
        case FieldDescriptor::CPPTYPE_STRING:
            return get(&R::GetString, &R::GetRepeatedString);
        case FieldDescriptor::CPPTYPE_ENUM: {
            auto const number = get(&R::GetEnumValue, &R::GetRepeatedEnumValue);
            auto const* const value = field.enum_type()->FindValueByNumber(number);
            return EnumValue{number, value == nullptr ? std::to_string(number) : value->name(), field.enum_type()};
        }
        case FieldDescriptor::CPPTYPE_MESSAGE:
            break;
    }
    return {};
}

std::string scalar_text(Message const& message, FieldDescriptor const& field, int element) {
    return std::visit(
        [](auto const& value) -> std::string {
            using V = std::decay_t<decltype(value)>;
            if constexpr (std::is_same_v<V, std::string>)
                return value;
            else if constexpr (std::is_same_v<V, bool>)
                return value ? "true" : "false";
            else if constexpr (std::is_arithmetic_v<V>)
                return std::to_string(value);
            else
                return {};
        },
        scalar(message, field, element));
}

template <class T>
concept Number = std::same_as<T, std::int64_t> || std::same_as<T, std::uint64_t> || std::same_as<T, double>;

template <Number A, Number B>
std::partial_ordering compare_numbers(A a, B b) {
    if constexpr (std::is_integral_v<A> && std::is_integral_v<B>) {
        return std::cmp_less(a, b)    ? std::partial_ordering::less
               : std::cmp_equal(a, b) ? std::partial_ordering::equivalent
                                      : std::partial_ordering::greater;
    } else {
        return static_cast<long double>(a) <=> static_cast<long double>(b);  // which holds any 64 bits exactly, on x86
    }
}

std::partial_ordering reversed(std::partial_ordering order) {
    if (std::is_lt(order)) return std::partial_ordering::greater;
    return std::is_gt(order) ? std::partial_ordering::less : order;
}

std::partial_ordering compare_with_name(EnumValue const& value, std::string const& name) {
    auto const* const named = value.type == nullptr ? nullptr : value.type->FindValueByName(name);
    if (named == nullptr) return std::partial_ordering::unordered;
    return value.number <=> std::int64_t{named->number()};
}

/// What fits to be compared, by kinds; the last one is for what does not.
struct Comparison {
    template <Number X, Number Y>
    std::partial_ordering operator()(X const& x, Y const& y) const {
        return compare_numbers(x, y);
    }
    std::partial_ordering operator()(bool x, bool y) const { return x <=> y; }
    std::partial_ordering operator()(std::string const& x, std::string const& y) const { return x <=> y; }
    std::partial_ordering operator()(EnumValue const& x, EnumValue const& y) const { return x.number <=> y.number; }
    std::partial_ordering operator()(EnumValue const& x, std::string const& y) const { return compare_with_name(x, y); }
    std::partial_ordering operator()(std::string const& x, EnumValue const& y) const { return reversed(compare_with_name(y, x)); }
    template <Number Y>
    std::partial_ordering operator()(EnumValue const& x, Y const& y) const {
        return compare_numbers(x.number, y);
    }
    template <Number X>
    std::partial_ordering operator()(X const& x, EnumValue const& y) const {
        return compare_numbers(x, y.number);
    }
    template <class X, class Y>
    std::partial_ordering operator()(X const& /*x*/, Y const& /*y*/) const {
        return std::partial_ordering::unordered;
    }
};

}  // namespace

FieldPath field_path(std::string_view dotted) {
    FieldPath path;
    for (std::size_t at = 0; at <= dotted.size();) {
        auto const dot = std::min(dotted.find('.', at), dotted.size());
        path.emplace_back(dotted.substr(at, dot - at));
        at = dot + 1;
    }
    return path;
}

FieldValue value_at(Message const& message, FieldPath const& path) {
    auto const at = find(message, path);
    if (!at || is_whole_list(*at)) return {};
    return scalar(*at->message, *at->field, at->element);
}

std::size_t size_at(Message const& message, FieldPath const& path) {
    auto const at = find(message, path);
    if (!at) return 0;
    if (is_whole_list(*at)) return static_cast<std::size_t>(at->message->GetReflection()->FieldSize(*at->message, at->field));
    auto const value = scalar(*at->message, *at->field, at->element);
    auto const* const text = std::get_if<std::string>(&value);
    return text == nullptr ? 0 : text->size();
}

bool is_set_at(Message const& message, FieldPath const& path) {
    auto const at = find(message, path);
    if (!at) return false;
    auto const& reflection = *at->message->GetReflection();
    if (is_whole_list(*at)) return reflection.FieldSize(*at->message, at->field) > 0;
    return at->element >= 0 || reflection.HasField(*at->message, at->field);
}

std::partial_ordering compare(FieldValue const& a, FieldValue const& b) { return std::visit(Comparison(), a, b); }

}  // namespace bus::tool

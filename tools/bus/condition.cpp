// A condition held against types and messages.
#include "condition.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <compare>
#include <utility>

#include "condition_node.hpp"
#include "condition_tokens.hpp"
#include "errors.hpp"

namespace bus::tool {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;
using Node = Condition::Node;

/// Holds one condition against one type.
class Checker {
public:
    Checker(std::string_view text, Descriptor const& type) : text_(text), type_(type) {}

    Result<void> check(Node const& node) const {
        for (auto const& part : node.parts)
            if (auto good = check(*part); !good) return good;
        if (node.kind == Node::Kind::lone) return check_lone(node.left);
        if (node.kind == Node::Kind::comparison) return check_comparison(node);
        return {};
    }

private:
    Error located(Operand const& operand, Error const& error) const {
        auto const whole = condition_error(text_, operand.at, error.what());
        return error.hint().empty() ? whole : usage_error(whole.what(), error.hint());
    }

    Result<FieldKind> kind_of(Operand const& operand) const {
        switch (operand.kind) {
            case Operand::Kind::field:
            case Operand::Kind::has:
            case Operand::Kind::size: {
                auto kind = kind_at(type_, operand.path);
                if (!kind) return located(operand, kind.error());
                if (operand.kind == Operand::Kind::has) return FieldKind::truth;
                if (operand.kind == Operand::Kind::field) return kind;
                if (*kind == FieldKind::list || *kind == FieldKind::map || *kind == FieldKind::text) return FieldKind::number;
                return condition_error(text_, operand.at, "only lists, maps, texts and bytes have a size");
            }
            case Operand::Kind::constant:
                break;
        }
        if (std::holds_alternative<bool>(operand.constant)) return FieldKind::truth;
        return std::holds_alternative<std::string>(operand.constant) ? FieldKind::text : FieldKind::number;
    }

    Result<void> check_lone(Operand const& operand) const {
        auto const kind = kind_of(operand);
        if (!kind) return kind.error();
        if (*kind == FieldKind::truth) return {};
        return condition_error(text_, operand.at, "field '" + operand.name + "' is no bool: compare it with something");
    }

    /// The kinds of both sides, a lone name being a value of the enumeration on the other side.
    Result<void> check_comparison(Node const& node) const {
        if (is_enum_value(node.left, node.right) || is_enum_value(node.right, node.left)) return {};
        for (auto const& [name, of] : {std::pair(&node.left, &node.right), std::pair(&node.right, &node.left)})
            if (auto good = check_enum_text(node, *name, *of); !good) return good;
        auto const left = kind_of(node.left);
        if (!left) return left.error();
        auto const right = kind_of(node.right);
        if (!right) return right.error();
        for (auto const kind : {*left, *right})
            if (kind == FieldKind::list || kind == FieldKind::map || kind == FieldKind::message)
                return condition_error(
                    text_, kind == *left ? node.left.at : node.right.at,
                    "a list, a map or a message can't be compared: name an element or a field of it, or use size() or has()");
        if (node.expression != nullptr && *left != FieldKind::text && *left != FieldKind::enumeration)
            return condition_error(text_, node.left.at, "a regular expression is for texts");
        bool const fits = *left == *right || is_enum_with(*left, *right) || is_enum_with(*right, *left);
        if (!fits) return condition_error(text_, node.left.at, "the two sides of " + node.sign + " are of different kinds");
        bool const ordered = node.sign.starts_with('<') || node.sign.starts_with('>');
        if (ordered && *left == FieldKind::truth) return condition_error(text_, node.left.at, "a bool is neither less nor greater");
        return {};
    }

    /// A text that is compared with an enumeration names a value of it.
    Result<void> check_enum_text(Node const& node, Operand const& text, Operand const& of) const {
        auto const* const name = std::get_if<std::string>(&text.constant);
        if (text.kind != Operand::Kind::constant || name == nullptr || of.kind != Operand::Kind::field || node.expression != nullptr)
            return {};
        auto const kind = kind_at(type_, of.path);
        if (!kind || *kind != FieldKind::enumeration || has_enum_value(type_, of.path, *name)) return {};
        return condition_error(text_, text.at, "the enumeration of '" + of.name + "' has no value '" + *name + "'");
    }

    static bool is_enum_with(FieldKind one, FieldKind other) {
        return one == FieldKind::enumeration && (other == FieldKind::text || other == FieldKind::number);
    }

    bool is_enum_value(Operand const& name, Operand const& other) const {
        if (name.name.empty() || other.kind != Operand::Kind::field || kind_at(type_, name.path)) return false;
        return has_enum_value(type_, other.path, name.name);
    }

    std::string_view text_;
    Descriptor const& type_;
};

FieldValue value_of(Operand const& operand, Message const& message) {
    switch (operand.kind) {
        case Operand::Kind::field: {
            auto value = value_at(message, operand.path);
            // A name that is no field is an enumeration's value: check() has seen to it.
            bool const lone_name = operand.path.size() == 1 && message.GetDescriptor()->FindFieldByName(operand.name) == nullptr;
            return lone_name ? FieldValue(operand.name) : value;
        }
        case Operand::Kind::size:
            return static_cast<std::uint64_t>(size_at(message, operand.path));
        case Operand::Kind::has:
            return is_set_at(message, operand.path);
        case Operand::Kind::constant:
            return operand.constant;
    }
    return {};
}

bool matches_expression(FieldValue const& value, RE2 const& expression) {
    if (auto const* const text = std::get_if<std::string>(&value)) return RE2::PartialMatch(*text, expression);
    if (auto const* const of_enum = std::get_if<EnumValue>(&value)) return RE2::PartialMatch(of_enum->name, expression);
    return false;
}

bool compares(Node const& node, Message const& message) {
    auto const left = value_of(node.left, message);
    if (node.expression != nullptr) return matches_expression(left, *node.expression) == (node.sign == "=~");
    auto const order = compare(left, value_of(node.right, message));
    if (node.sign == "==") return std::is_eq(order);
    if (node.sign == "!=") return std::is_neq(order);  // what is not there differs from everything
    if (node.sign == "<") return std::is_lt(order);
    if (node.sign == "<=") return std::is_lteq(order);
    return node.sign == ">" ? std::is_gt(order) : std::is_gteq(order);
}

bool is_true(Node const& node, Message const& message) {
    auto const part_is_true = [&](auto const& part) { return is_true(*part, message); };
    switch (node.kind) {
        case Node::Kind::any_of:
            return std::ranges::any_of(node.parts, part_is_true);
        case Node::Kind::all_of:
            return std::ranges::all_of(node.parts, part_is_true);
        case Node::Kind::negation:
            return !is_true(*node.parts.front(), message);
        case Node::Kind::comparison:
            return compares(node, message);
        case Node::Kind::lone:
            return std::is_eq(compare(value_of(node.left, message), true));
    }
    return false;
}

}  // namespace

Result<void> Condition::check(Descriptor const& type) const { return Checker(text_, type).check(*root_); }

bool Condition::holds(Message const& message) const { return is_true(*root_, message); }

}  // namespace bus::tool

// What a condition is made of, once it was read.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <vector>

#include "condition.hpp"
#include "field_value.hpp"

namespace bus::tool {

struct Operand {
    enum class Kind { field, size, has, constant } kind = Kind::constant;
    FieldPath path;  // of field, size, has; of a name that may be an enumeration's value too
    FieldValue constant;
    std::string name;    // a lone name: an enumeration's value where the other side is one
    std::size_t at = 0;  // where it stands in the condition
};

struct Condition::Node {
    enum class Kind { any_of, all_of, negation, comparison, lone } kind = Kind::lone;
    std::vector<std::shared_ptr<Node const>> parts;  // of any_of, all_of, negation
    Operand left, right;                             // of comparison; lone: left
    std::string sign;                                // "==", "<", "=~" ...
    std::shared_ptr<RE2 const> expression;           // of =~ and !~
};

}  // namespace bus::tool

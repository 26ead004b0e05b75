// The words of a condition (--where).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <bus/error.hpp>

namespace bus::tool {

struct Token {
    enum class Kind { name, number, text, sign, end } kind = Kind::end;  // name: also a path, "a.b.0"; sign: "==", "(", "&&" ...
    std::string text;    // of a text: without quotes, escapes resolved; and, or, not are signs: "&&", "||", "!"
    std::size_t at = 0;  // in the condition, from 0
};

/// The last one is `end`. Errors: usage_error(): says where.
Result<std::vector<Token>> tokens_of(std::string_view condition);

/// "--where 'x >': at 3: WHAT".
Error condition_error(std::string_view condition, std::size_t at, std::string const& what);

}  // namespace bus::tool

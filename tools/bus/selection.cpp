// Which topics a verb is about.
#include "selection.hpp"

#include <algorithm>

#include <bus/name.hpp>

#include "errors.hpp"

namespace bus::tool {

void Selection::declare(OptionSet& options, Need need) {
    options.texts("TOPIC", patterns_, "Names, or quoted patterns: '*' is one part, '**' any number", need, "TOPIC");
    options.texts("-x,--exclude", excluded_, "Not these (a name or a pattern; may be repeated)", Need::optional, "TOPIC");
}

Result<void> Selection::check() {
    for (auto const* list : {&patterns_, &excluded_}) {
        for (auto const& pattern : *list) {
            if (auto good = check_pattern(pattern); !good) return usage_error(good.error().what(), good.error().hint());
        }
    }
    if (patterns_.empty()) patterns_.emplace_back("**");
    return {};
}

bool Selection::excludes(std::string_view topic) const {
    return std::any_of(excluded_.begin(), excluded_.end(), [&](auto const& pattern) { return matches(pattern, topic); });
}

std::size_t Selection::first_match(std::string_view topic) const {
    auto const found = std::find_if(patterns_.begin(), patterns_.end(), [&](auto const& pattern) { return matches(pattern, topic); });
    return static_cast<std::size_t>(found - patterns_.begin());
}

Result<void> check_topic_name(std::string_view name) {
    if (auto good = check_name(name, Reserved::allow); !good) return usage_error(good.error().what(), good.error().hint());
    return {};
}

}  // namespace bus::tool

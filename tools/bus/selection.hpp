// Which topics a verb is about: names and patterns, less those excluded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <bus/error.hpp>

#include "options.hpp"

namespace bus::tool {

class Selection {
public:
    /// TOPIC... and -x/--exclude.
    void declare(OptionSet& options, Need need);

    /// Checks what was given; without any, all the user's topics are meant. Errors: usage_error().
    Result<void> check();
    std::vector<std::string> const& patterns() const noexcept { return patterns_; }
    bool excludes(std::string_view topic) const;
    /// The first pattern that means the topic: what several patterns mean is shown once. patterns().size() if none does.
    std::size_t first_match(std::string_view topic) const;

private:
    std::vector<std::string> patterns_, excluded_;
};

/// Errors: usage_error(): `name` can't be the name of a topic.
Result<void> check_topic_name(std::string_view name);

}  // namespace bus::tool

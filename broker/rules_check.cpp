// What a mode can't say is refused where it is read: one owner, one group, or all.
#include <algorithm>

#include "rules.hpp"

namespace bus::broker {
namespace {

std::vector<std::string_view> parts_of(std::string_view pattern) {
    std::vector<std::string_view> parts;
    while (true) {
        auto const slash = pattern.find('/');
        parts.push_back(pattern.substr(0, slash));
        if (slash == std::string_view::npos) return parts;
        pattern.remove_prefix(slash + 1);
    }
}

using Parts = std::vector<std::string_view>;

// From the ends to the beginnings, each pair of rests once: a configuration with many "**" must not keep busd from starting.
bool overlap(Parts const& one, Parts const& other) {
    std::size_t const width = other.size() + 1;
    std::vector<char> rests((one.size() + 1) * width);
    for (std::size_t i = one.size() + 1; i-- > 0;) {
        for (std::size_t j = width; j-- > 0;) {
            bool const some = i < one.size(), others = j < other.size();
            bool meet = !some && !others;
            if (some && one[i] == "**") {
                meet = rests[(i + 1) * width + j] != 0 || (others && rests[i * width + j + 1] != 0);
            } else if (others && other[j] == "**") {
                meet = rests[i * width + j + 1] != 0 || (some && rests[(i + 1) * width + j] != 0);
            } else if (some && others && (one[i] == "*" || other[j] == "*" || one[i] == other[j])) {
                meet = rests[(i + 1) * width + j + 1] != 0;
            }
            rests[i * width + j] = meet ? 1 : 0;
        }
    }
    return rests[0] != 0;
}

std::vector<std::string> readable(Rule const& rule) {
    auto patterns = rule.subscribe;
    patterns.insert(patterns.end(), rule.reliable.begin(), rule.reliable.end());
    return patterns;
}

bool any_overlap(std::vector<std::string> const& some, std::vector<std::string> const& others) {
    return std::ranges::any_of(some, [&](std::string const& one) {
        return std::ranges::any_of(others, [&](std::string const& other) { return patterns_overlap(one, other); });
    });
}

Error too_much(Rule const& rule, std::string why) {
    return {Errc::invalid, rule.place + ": [[allow]] says more than the mode of a segment can: " + std::move(why),
            "a mode knows the publisher's own uid, one group, or everybody: make one group of those who read"};
}

// Groups that read the same names must be one group.
Result<void> check_groups(Rule const& rule, std::vector<Rule> const& rules) {
    for (auto const& other : rules) {
        if (!any_overlap(readable(rule), readable(other))) continue;
        bool const differ = std::ranges::any_of(other.groups, [&](std::uint32_t gid) { return gid != rule.groups.front(); });
        if (differ)
            return too_much(rule, "two groups read the same names" + (&rule == &other ? std::string() : " (see " + other.place + ")"));
    }
    return {};
}

// A user named alone can read what he publishes himself, and nobody else's.
Result<void> check_users(Rule const& rule, std::vector<Rule> const& rules, std::uint32_t own_uid) {
    std::vector<std::uint32_t> readers;
    std::ranges::copy_if(rule.users, std::back_inserter(readers), [&](std::uint32_t uid) { return uid != own_uid; });
    if (readers.empty()) return {};
    auto const reader = readers.front();
    if (std::ranges::any_of(readers, [&](std::uint32_t uid) { return uid != reader; })) return too_much(rule, "several users read");
    bool published = false;
    for (auto const& other : rules) {
        if (!any_overlap(readable(rule), other.publish)) continue;
        bool const himself = other.groups.empty() && !other.users.empty() &&
                             std::ranges::all_of(other.users, [&](std::uint32_t uid) { return uid == reader; });
        if (!himself) return too_much(rule, "a user reads what others publish (" + other.place + ")");
        published = true;
    }
    if (!published) return too_much(rule, "uid " + std::to_string(reader) + " reads what only busd's own uid publishes");
    return {};
}

}  // namespace

bool patterns_overlap(std::string_view one, std::string_view other) { return overlap(parts_of(one), parts_of(other)); }

Result<void> check_rules(std::vector<Rule> const& rules, std::uint32_t own_uid) {
    for (auto const& rule : rules) {
        if (rule.everybody() || readable(rule).empty()) continue;
        if (!rule.groups.empty()) {
            if (auto checked = check_groups(rule, rules); !checked) return checked;
        }
        if (auto checked = check_users(rule, rules, own_uid); !checked) return checked;
    }
    return {};
}

}  // namespace bus::broker

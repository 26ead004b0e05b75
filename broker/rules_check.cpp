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

bool overlap(Parts const& one, std::size_t i, Parts const& other, std::size_t j) {
    if (i == one.size() && j == other.size()) return true;
    if (i < one.size() && one[i] == "**") return overlap(one, i + 1, other, j) || (j < other.size() && overlap(one, i, other, j + 1));
    if (j < other.size() && other[j] == "**") return overlap(other, j, one, i);
    if (i == one.size() || j == other.size()) return false;
    if (one[i] != "*" && other[j] != "*" && one[i] != other[j]) return false;
    return overlap(one, i + 1, other, j + 1);
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

bool patterns_overlap(std::string_view one, std::string_view other) { return overlap(parts_of(one), 0, parts_of(other), 0); }

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

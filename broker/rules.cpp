// Rules: matching them, and turning them into modes.
#include "rules.hpp"

#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <bus/name.hpp>

namespace bus::broker {
namespace {

std::vector<std::string> const& patterns_of(Rule const& rule, Verb verb) {
    switch (verb) {
        case Verb::publish:
            return rule.publish;
        case Verb::subscribe:
            return rule.subscribe;
        case Verb::reliable:
            return rule.reliable;
        case Verb::operate:
            break;
    }
    return rule.operate;
}

bool speaks_of(Rule const& rule, Subject const& who) {
    if (rule.everybody()) return true;
    if (std::ranges::find(rule.users, who.uid) != rule.users.end()) return true;
    return std::ranges::any_of(rule.groups, [&](std::uint32_t gid) { return who.in_group(gid); });
}

bool means(std::vector<std::string> const& patterns, std::string_view name) {
    return std::ranges::any_of(patterns, [&](std::string const& pattern) { return matches(pattern, name); });
}

// Who may subscribe reliably may subscribe.
bool lets_read(Rule const& rule, std::string_view name) { return means(rule.subscribe, name) || means(rule.reliable, name); }

std::vector<std::uint32_t> groups_of(std::uint32_t uid) {
    passwd const* const entry = ::getpwuid(uid);
    if (entry == nullptr) return {};
    int count = 64;
    std::vector<gid_t> groups(static_cast<std::size_t>(count));
    if (::getgrouplist(entry->pw_name, entry->pw_gid, groups.data(), &count) < 0) {
        groups.resize(static_cast<std::size_t>(count));
        if (::getgrouplist(entry->pw_name, entry->pw_gid, groups.data(), &count) < 0) count = 0;
    }
    return {groups.begin(), groups.begin() + count};
}

}  // namespace

std::string_view to_string(Verb verb) noexcept {
    switch (verb) {
        case Verb::publish:
            return "publish";
        case Verb::subscribe:
            return "subscribe to";
        case Verb::reliable:
            return "subscribe reliably to";
        case Verb::operate:
            break;
    }
    return "operate on";
}

bool Subject::in_group(std::uint32_t gid) const {
    if (!groups) groups = groups_of(uid);
    return std::ranges::find(*groups, gid) != groups->end();
}

Rules::Rules(std::vector<Rule> rules, std::uint32_t own_uid, std::uint32_t own_gid)
    : rules_(std::move(rules)), own_uid_(own_uid), own_gid_(own_gid) {}

bool Rules::allows(Subject const& who, Verb verb, std::string_view name) const {
    if (who.uid == own_uid_ || (verb == Verb::subscribe && is_reserved(name))) return true;
    return std::ranges::any_of(rules_, [&](Rule const& rule) {
        if (!speaks_of(rule, who)) return false;
        return verb == Verb::subscribe ? lets_read(rule, name) : means(patterns_of(rule, verb), name);
    });
}

bool Rules::allows_some(Subject const& who, Verb verb) const {
    if (who.uid == own_uid_) return true;
    return std::ranges::any_of(rules_, [&](Rule const& rule) {
        bool const some = !patterns_of(rule, verb).empty() || (verb == Verb::subscribe && !rule.reliable.empty());
        return some && speaks_of(rule, who);
    });
}

bool Rules::admits(Subject const& who) const {
    return who.uid == own_uid_ || std::ranges::any_of(rules_, [&](Rule const& rule) { return speaks_of(rule, who); });
}

sys::Ownership Rules::ring_access(std::string_view topic, std::uint32_t publisher_uid) const {
    sys::Ownership access{publisher_uid, own_gid_, 0600};
    for (auto const& rule : rules_) {
        if (!lets_read(rule, topic)) continue;
        if (rule.everybody()) return {publisher_uid, own_gid_, 0644};
        if (!rule.groups.empty()) access = {publisher_uid, rule.groups.front(), 0640};
    }
    return access;
}

bool Rules::can_read(Subject const& who, sys::Ownership const& access) const {
    if (who.uid == access.uid || who.uid == own_uid_) return true;
    if ((access.mode & 0004) != 0) return true;
    return (access.mode & 0040) != 0 && who.in_group(access.gid);
}

}  // namespace bus::broker

// busd.toml, read by toml++: every key is known or refused, every number has a range, every complaint says file and line.
#include <grp.h>
#include <pwd.h>

#include <toml++/toml.h>
#include <algorithm>
#include <bus/name.hpp>
#include <limits>

#include "config.hpp"
#include "rules.hpp"
#include "sys/file.hpp"
#include "sys/process.hpp"

namespace bus::broker {
namespace {

std::string place_of(std::string const& path, toml::source_region const& source) {
    return path + ", line " + std::to_string(source.begin.line);
}

class Reader {
public:
    explicit Reader(std::string path) : path_(std::move(path)) {}

    Result<Config> read(toml::table const& root) {
        for (auto const& [key, node] : root) {
            Result<void> done;
            if (key == "tables") {
                done = read_tables(node);
            } else if (key == "limits") {
                done = read_limits(node);
            } else if (key == "allow") {
                done = read_rules(node);
            } else {
                done = unknown(node, key.str(), "tables, limits, allow");
            }
            if (!done) return done.error();
        }
        if (auto checked = check_rules(config_.rules, sys::effective_uid()); !checked) return checked.error();
        return config_;
    }

private:
    struct Number {
        std::string_view key;
        std::uint32_t* into;
        std::uint32_t least, most;
    };

    Error wrong(toml::node const& node, std::string const& what) const {
        return {Errc::invalid, place_of(path_, node.source()) + ": " + what};
    }
    Error unknown(toml::node const& node, std::string_view key, std::string_view known) const {
        return {Errc::invalid, place_of(path_, node.source()) + ": unknown key '" + std::string(key) + "'",
                "known here: " + std::string(known)};
    }

    Result<std::uint64_t> number(toml::node const& node, std::string_view key, std::uint64_t least, std::uint64_t most) const {
        auto const value = node.value_exact<std::int64_t>();
        if (!value || *value < 0 || static_cast<std::uint64_t>(*value) < least || static_cast<std::uint64_t>(*value) > most) {
            return wrong(node, std::string(key) + " must be a number from " + std::to_string(least) + " to " + std::to_string(most));
        }
        return static_cast<std::uint64_t>(*value);
    }

    // Each key of the table is one of `numbers`, or `other` takes it.
    template <class Other>
    Result<void> numbers(toml::node const& node, std::string_view section, std::initializer_list<Number> list, Other&& other) {
        auto const* const table = node.as_table();
        if (table == nullptr) return wrong(node, "'" + std::string(section) + "' must be a section: [" + std::string(section) + "]");
        for (auto const& [key, value] : *table) {
            auto const* const found = std::ranges::find_if(list, [&](Number const& n) { return key == n.key; });
            if (found == list.end()) {
                if (auto done = other(key.str(), value); !done) return done;
                continue;
            }
            auto const read = number(value, key.str(), found->least, found->most);
            if (!read) return read.error();
            *found->into = static_cast<std::uint32_t>(*read);
        }
        return {};
    }

    Result<void> read_tables(toml::node const& node) {
        auto& t = config_.tables;
        constexpr std::uint32_t kMost = 1 << 20;
        return numbers(node, "tables",
                       {{"users", &t.users, 1, 4096},
                        {"sessions", &t.sessions, 1, 16384},  // one semaphore each in the token set of each uid
                        {"topics", &t.topics, 1, kMost},
                        {"rings", &t.rings, 1, kMost},
                        {"subscriptions", &t.subscriptions, 1, kMost},
                        {"members", &t.members, 1, kMost},
                        {"schemas", &t.schemas, 1, kMost}},
                       [&](std::string_view key, toml::node const& value) -> Result<void> {
                           return unknown(value, key, "users, sessions, topics, rings, subscriptions, members, schemas");
                       });
    }

    Result<void> read_limits(toml::node const& node) {
        auto& l = config_.limits;
        auto const bytes = [&](std::string_view key, toml::node const& value) -> Result<void> {
            bool const arena = key == "arena_bytes";
            if (!arena && key != "ring_bytes") {
                return unknown(value, key, "sessions_per_user, unproven_users, offers_per_user, cursors, arena_bytes, ring_bytes");
            }
            auto const read = number(value, key, 1 << 16, std::uint64_t{1} << 34);
            if (!read) return read.error();
            (arena ? l.arena_bytes : l.ring_bytes) = *read;
            return {};
        };
        return numbers(node, "limits",
                       {{"sessions_per_user", &l.sessions_per_user, 1, 16384},
                        {"unproven_users", &l.unproven_users, 1, 4096},
                        {"offers_per_user", &l.offers_per_user, 1, 4096},
                        {"cursors", &l.cursors, 1, 1 << 16}},
                       bytes);
    }

    Result<void> read_rules(toml::node const& node) {
        auto const* const list = node.as_array();
        if (list == nullptr) return wrong(node, "'allow' must be a list of sections: [[allow]]");
        for (auto const& entry : *list) {
            auto const* const table = entry.as_table();
            if (table == nullptr) return wrong(entry, "'allow' must be a list of sections: [[allow]]");
            auto rule = read_rule(*table);
            if (!rule) return rule.error();
            config_.rules.push_back(std::move(*rule));
        }
        return {};
    }

    Result<Rule> read_rule(toml::table const& table) {
        Rule rule;
        rule.place = place_of(path_, table.source());
        for (auto const& [key, node] : table) {
            Result<void> done;
            if (key == "users" || key == "groups") {
                done = read_who(node, key == "users", key == "users" ? rule.users : rule.groups);
            } else if (key == "publish") {
                done = read_patterns(node, rule.publish);
            } else if (key == "subscribe") {
                done = read_patterns(node, rule.subscribe);
            } else if (key == "reliable") {
                done = read_patterns(node, rule.reliable);
            } else if (key == "operate") {
                done = read_patterns(node, rule.operate);
            } else {
                done = unknown(node, key.str(), "users, groups, publish, subscribe, reliable, operate");
            }
            if (!done) return done.error();
        }
        return rule;
    }

    Result<void> read_patterns(toml::node const& node, std::vector<std::string>& into) {
        auto const* const list = node.as_array();
        if (list == nullptr) return wrong(node, "must be a list of patterns: [\"robot/**\"]");
        for (auto const& entry : *list) {
            auto const pattern = entry.value_exact<std::string>();
            if (!pattern) return wrong(entry, "must be a pattern in quotes: \"robot/**\"");
            if (auto checked = check_pattern(*pattern); !checked) return wrong(entry, checked.error().what());
            into.push_back(*pattern);
        }
        return {};
    }

    Result<void> read_who(toml::node const& node, bool users, std::vector<std::uint32_t>& into) {
        auto const* const list = node.as_array();
        std::string const what = users ? "user" : "group";
        if (list == nullptr || list->empty()) return wrong(node, "must be a list of " + what + "s; leave it out for everybody");
        for (auto const& entry : *list) {
            if (entry.is_integer()) {
                auto const id = number(entry, what, 0, std::numeric_limits<std::uint32_t>::max() - 1);
                if (!id) return id.error();
                into.push_back(static_cast<std::uint32_t>(*id));
                continue;
            }
            auto const name = entry.value_exact<std::string>();
            if (!name) return wrong(entry, "must be the name or the number of a " + what);
            passwd const* const user = users ? ::getpwnam(name->c_str()) : nullptr;
            group const* const group = users ? nullptr : ::getgrnam(name->c_str());
            if (user == nullptr && group == nullptr) return wrong(entry, "there is no " + what + " '" + *name + "' on this system");
            into.push_back(user != nullptr ? user->pw_uid : group->gr_gid);
        }
        return {};
    }

    std::string path_;
    Config config_;
};

}  // namespace

Result<Config> load_config(std::string const& path) {
    auto text = sys::read_file(path, 1 << 20);
    if (!text) return Error(text.error().code(), "configuration: " + text.error().what(), text.error().hint(), text.error().detail());
    try {
        return Reader(path).read(toml::parse(*text, path));
    } catch (toml::parse_error const& error) {
        return Error(Errc::invalid, place_of(path, error.source()) + ": " + std::string(error.description()),
                     "the file ends too early, or that line is no TOML; docs/busd.toml is an example");
    }
}

}  // namespace bus::broker

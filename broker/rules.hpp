// Who may do what on which names, and how that is said to the kernel.
//
// The default: the uid busd runs as may do everything, others nothing; each [[allow]] adds to that. The kernel enforces it by owner, group
// and mode of the publisher's segment, which know the publisher's own uid (0600), one group (0640) or all (0644). What a rule says beyond
// that is refused when the configuration is read, not found out by the one who is kept out.
#pragma once

#include <bus/error.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config.hpp"
#include "sys/ipc_permissions.hpp"

namespace bus::broker {

enum class Verb { publish, subscribe, reliable, operate };
std::string_view to_string(Verb verb) noexcept;

/// Somebody as the rules see him.
struct Subject {
    std::uint32_t uid = 0;
    /// Those of the user database, from the first question on: it may be far away, and no busd that takes over waits for what no rule asks.
    mutable std::optional<std::vector<std::uint32_t>> groups = std::nullopt;

    bool in_group(std::uint32_t gid) const;
};

/// Whether modes can say all of these rules. Errors: invalid: with the rule's place.
Result<void> check_rules(std::vector<Rule> const& rules, std::uint32_t own_uid);

/// Whether there is a name that both patterns mean.
bool patterns_overlap(std::string_view one, std::string_view other);

class Rules {
public:
    Rules(std::vector<Rule> rules, std::uint32_t own_uid, std::uint32_t own_gid);

    /// The bus's own topics may be read by everybody who is admitted.
    bool allows(Subject const& who, Verb verb, std::string_view name) const;
    /// Whether there is any name at all this may be done with.
    bool allows_some(Subject const& who, Verb verb) const;
    /// Whether `who` may do anything: else he is not admitted.
    bool admits(Subject const& who) const;
    /// Whether anybody but our own uid may do anything.
    bool admits_others() const noexcept { return !rules_.empty(); }

    /// Owner, group and mode of what a publisher of that uid publishes under that name.
    sys::Ownership ring_access(std::string_view topic, std::uint32_t publisher_uid) const;
    /// Whether the kernel lets `who` attach what is owned like that.
    bool can_read(Subject const& who, sys::Ownership const& access) const;
    std::uint32_t own_uid() const noexcept { return own_uid_; }

private:
    std::vector<Rule> rules_;
    std::uint32_t own_uid_, own_gid_;
};

}  // namespace bus::broker

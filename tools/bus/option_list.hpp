// What a verb takes, as data: the help, the man pages and the completion are made of it.
#pragma once

#include <string>
#include <vector>

#include "verb.hpp"

namespace bus::tool {

struct OptionEntry {
    enum class Kind { flag, flag_with_value, value, argument } kind = Kind::flag;
    std::string names;      // "-n,--count"; of an argument: "TOPIC"
    std::string type = {};  // of its value: "N", "TIME"
    std::string help = {};
    std::vector<std::string> choices = {};  // of flag_with_value
    bool required = false, many = false;

    bool is_argument() const noexcept { return kind == Kind::argument; }
    /// "-n", "--count".
    std::vector<std::string> names_apart() const;
    /// "-n, --count N"; "--raw[=plain|delimited]"; "TOPIC...".
    std::string shown() const;
};

class OptionList final : public OptionSet {
public:
    void flag(std::string const& names, bool& target, std::string const& help) override;
    void flag_with_value(std::string const& names, std::string& target, std::string const& plain, std::vector<std::string> choices,
                         std::string const& help) override;
    void text(std::string const& names, std::string& target, std::string const& help, Need need, std::string const& type) override;
    void texts(std::string const& names, std::vector<std::string>& target, std::string const& help, Need need,
               std::string const& type) override;
    void count(std::string const& names, std::optional<std::uint64_t>& target, std::string const& help) override;
    void rate(std::string const& names, std::optional<double>& target, std::string const& help) override;
    void duration(std::string const& names, std::optional<Nanoseconds>& target, std::string const& help) override;
    void bytes(std::string const& names, std::optional<std::uint64_t>& target, std::string const& help) override;
    void exclusive(std::string const& /*one*/, std::string const& /*other*/) override {}

    std::vector<OptionEntry> const& entries() const noexcept { return entries_; }

private:
    std::vector<OptionEntry> entries_;
};

/// What the verb itself takes.
std::vector<OptionEntry> options_of(VerbEntry const& entry);
/// What stands everywhere.
std::vector<OptionEntry> options_everywhere();
/// "bus topic echo [OPTION...] TOPIC...".
std::string usage_of(VerbEntry const& entry);

}  // namespace bus::tool

// How a verb says what it takes, without the argument parser's header: that one is slow to compile and stands in command_line.cpp.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bus::tool {

using Nanoseconds = std::chrono::nanoseconds;

enum class Need { optional, required };

/// Names are written as "-n,--count"; a name without dashes is an argument by position, in the order of declaration.
/// Targets keep their value where the option is not given; they must live until the verb has run.
class OptionSet {
public:
    virtual ~OptionSet() = default;

    virtual void flag(std::string const& names, bool& target, std::string const& help) = 0;
    /// A flag that may carry a value: `--raw` sets `plain`, `--raw=delimited` sets "delimited". `choices` are all there are.
    virtual void flag_with_value(std::string const& names, std::string& target, std::string const& plain, std::vector<std::string> choices,
                                 std::string const& help) = 0;
    /// `type` names what it takes in the help, and tells the completion which names to offer: TOPIC, CLIENT, TYPE, FILE ...
    virtual void text(std::string const& names, std::string& target, std::string const& help, Need need, std::string const& type) = 0;
    void text(std::string const& names, std::string& target, std::string const& help, Need need = Need::optional) {
        text(names, target, help, need, "TEXT");
    }
    virtual void texts(std::string const& names, std::vector<std::string>& target, std::string const& help, Need need,
                       std::string const& type) = 0;
    void texts(std::string const& names, std::vector<std::string>& target, std::string const& help, Need need = Need::optional) {
        texts(names, target, help, need, "TEXT");
    }
    virtual void count(std::string const& names, std::optional<std::uint64_t>& target, std::string const& help) = 0;
    /// Above zero.
    virtual void rate(std::string const& names, std::optional<double>& target, std::string const& help) = 0;
    virtual void duration(std::string const& names, std::optional<Nanoseconds>& target, std::string const& help) = 0;
    virtual void bytes(std::string const& names, std::optional<std::uint64_t>& target, std::string const& help) = 0;
    /// The two can't be given together; names as in "--once".
    virtual void exclusive(std::string const& one, std::string const& other) = 0;
};

}  // namespace bus::tool

// Shorthand of tests with a bus of their own: connections of children, messages that can be checked.
#pragma once

#include <google/protobuf/wrappers.pb.h>

#include <bus/bus.hpp>
#include <bus/testing.hpp>
#include <string>
#include <vector>

#include "support/role.hpp"

namespace bus::test {

using Number = google::protobuf::UInt64Value;
using Text = google::protobuf::StringValue;

inline Number number(std::uint64_t value) {
    Number message;
    message.set_value(value);
    return message;
}

/// Where the bus is, as the first two arguments of a role; `more` follow.
inline std::vector<std::string> on(testing::LocalBroker const& broker, std::vector<std::string> const& more = {}) {
    auto const options = broker.options();
    std::vector<std::string> args{options.runtime_dir, options.bus};
    args.insert(args.end(), more.begin(), more.end());
    return args;
}

/// In such a role.
inline Connection connect(Role const& role, std::string name = "child") {
    return Connection::open({.bus = role.args().at(1), .name = std::move(name), .runtime_dir = role.args().at(0)}).value();
}

/// A text of `bytes` bytes that only this sequence has.
inline std::string content(std::uint64_t sequence, std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + (sequence * 7 + i) % 26);
    return text;
}

}  // namespace bus::test

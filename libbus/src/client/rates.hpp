// Messages and bytes a second, from two looks at the rings' heads.
#pragma once

#include <bus/introspect.hpp>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "client/look.hpp"
#include "sys/clock.hpp"

namespace bus::client {

/// Remembers the last look. Threads: any.
class Rates {
public:
    /// Topics with their rates: since the last call, if that is not too long ago nor too short; else naps between two looks of its own.
    /// Errors: invalid: the pattern.
    Result<std::vector<TopicInfo>> topics(Look const& look, std::string_view pattern);
    /// The same for one topic.
    Result<TopicDetail> topic(Look const& look, std::string_view name);

private:
    struct Count {
        std::uint64_t messages = 0, bytes = 0;
    };
    struct Before {
        sys::Deadline when{};
        std::map<std::string, Count, std::less<>> topics;
    };
    void look_first(Look const& look);
    static void apply(Before const& before, sys::Deadline now, TopicInfo& topic);

    std::mutex mutex_;
    Before before_;
};

}  // namespace bus::client

// Says how far something is, once it takes longer than two seconds: on a terminal one line that is written over, elsewhere a line now and
// then. On stderr; nothing with --quiet.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "context.hpp"

namespace bus::tool {

/// What it shows is erased when it goes, and before anything else is to be written to a terminal: hide().
class Progress {
public:
    using Clock = std::chrono::steady_clock;

    explicit Progress(Context const& context);
    ~Progress() { hide(); }
    Progress(Progress const&) = delete;
    Progress& operator=(Progress const&) = delete;

    /// Cheap where there is nothing to show yet: `words` is asked only when it is time ("120 of 5000 published").
    void update(std::function<std::string()> const& words);
    void hide();
    /// When update() will have something to show: who sleeps need not sleep longer.
    Clock::time_point next() const noexcept { return next_; }

private:
    Context const& context_;
    bool on_terminal_;
    bool shown_ = false;
    Clock::time_point next_;
    Clock::duration step_;
};

}  // namespace bus::tool

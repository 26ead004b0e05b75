// What `topic hz`, `bw` and `delay` do alike: they attach as observers, and write one report a window and topic. What is counted, and how
// it is told, is a Meter of each verb.
#pragma once

#include <bus/sample.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "selection.hpp"
#include "time_text.hpp"
#include "topic_stream.hpp"
#include "verb.hpp"

namespace bus::tool {

/// One window of one topic.
struct MeasuredWindow {
    std::string const& topic;
    Nanoseconds length;
    bool json;
};

/// Measures one topic.
class Meter {
public:
    virtual ~Meter() = default;
    Meter() = default;
    Meter(Meter const&) = delete;
    Meter& operator=(Meter const&) = delete;

    virtual void add(Info const& info, std::size_t bytes, Deadline received) = 0;
    /// The line of a window that is over; the next one begins.
    virtual std::string report(MeasuredWindow const& window) = 0;
};

class TopicMeasure : public Verb {
public:
    void declare(OptionSet& options) override;
    Result<ExitStatus> run(Context& context) override;

private:
    virtual std::unique_ptr<Meter> make_meter() const = 0;

    Result<ExitStatus> measure(TopicStream& stream, Deadline began, Context& context);
    void add(Sample<Any> const& sample, Deadline received);
    Result<void> report(Context& context, Nanoseconds length);
    Result<ExitStatus> ended(Error const& error, Context const& context) const;
    Nanoseconds window() const { return window_.value_or(std::chrono::seconds(1)); }

    Selection selection_;
    StreamOptions stream_;
    std::map<std::string, std::unique_ptr<Meter>, std::less<>> topics_;
    std::optional<std::uint64_t> count_;
    std::optional<Nanoseconds> duration_, window_;
    bool once_ = false;
};

/// Of seconds, for people: "12 us".
std::string shown_seconds(double seconds);
/// "  3 lost here"; nothing where nothing was lost.
std::string shown_lost_here(std::uint64_t lost);

}  // namespace bus::tool

// bus topic echo: the messages of topics, as lines.
#include <chrono>

#include "connect.hpp"
#include "echo_format.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "quantity.hpp"
#include "topic_stream.hpp"
#include "verbs.hpp"
#include "waiting.hpp"

namespace bus::tool {
namespace {

class TopicEcho final : public Verb {
public:
    void declare(OptionSet& options) override {
        selection_.declare(options, Need::required);
        options.count("-n,--count", count_, "End after N messages");
        options.flag("--once", once_, "End after one message");
        options.duration("-d,--duration", duration_, "End after this time");
        options.count("--history", history_, "Begin with up to N messages of each publisher that are there already");
        options.text("--field", format_.field, "Only this field: a.b, or points.0.x");
        options.flag_with_value("--raw", format_.raw, "plain", {"plain", "delimited"},
                                "The bytes as published; --raw=delimited puts protobuf's length before each");
        options.flag("--reliable", stream_.reliable, "Take part in flow control: lose nothing, and hold publishers up if need be");
        options.flag("--existing", stream_.existing, "Status 3 where there is no such topic, instead of waiting for it");
        options.exclusive("--once", "--count");
        options.exclusive("--raw", "--field");
    }

    Result<ExitStatus> run(Context& context) override {
        if (auto good = check(context); !good) return good.error();
        auto bus = connect(context);
        if (!bus) return bus.error();
        InterruptsConnection const interrupts(*bus);
        auto stream = TopicStream::open(*bus, selection_, stream_, context);
        if (!stream) return stream.error();
        auto const status = echo(*stream, context);
        if (context.out.reader_gone()) return ExitStatus::done;
        if (auto written = context.out.flush(); !written && !interrupted()) return written.error();
        if (interrupted() || stream->lost() > 0) context.note(stream->summary());
        return status;
    }

private:
    Result<void> check(Context const& context) {
        if (auto good = selection_.check(); !good) return good;
        if (!format_.raw.empty() && context.json) return usage_error("--raw and --json can't be had together", "leave one out");
        if (once_) count_ = 1;
        stream_.history = history_.value_or(0);
        format_.json = context.json;
        return {};
    }

    /// With a count, the timeout is for all of it; without, for each message.
    Deadline patience(Context const& context, Deadline begin) const {
        if (!context.timeout) return Deadline::max();
        return count_ ? begin + *context.timeout : deadline_in(*context.timeout);
    }

    Result<ExitStatus> echo(TopicStream& stream, Context& context) {
        auto const begin = std::chrono::steady_clock::now();
        auto const end = duration_ ? deadline_in(*duration_) : Deadline::max();
        EchoFormat formatter(format_);
        for (std::uint64_t seen = 0; !count_ || seen < *count_; ++seen) {
            auto const until = patience(context, begin);
            auto sample = stream.next(std::min(end, until));
            if (!sample) return ended(sample.error(), end < until, seen, context);
            auto const line = formatter.format(*sample);
            if (!line) return line.error();
            if (auto written = context.out.write(*line); !written) return ended(written.error(), false, seen, context);
        }
        return ExitStatus::done;
    }

    Result<ExitStatus> ended(Error const& error, bool by_duration, std::uint64_t seen, Context const& context) const {
        if (error == Errc::cancelled) return count_ || duration_ ? ExitStatus::interrupted : ExitStatus::done;
        if (error == Errc::closed && context.out.reader_gone()) return ExitStatus::done;
        if (error != Errc::timeout) return error;
        if (by_duration) return ExitStatus::done;
        auto const asked =
            count_ ? std::to_string(seen) + " of " + std::to_string(*count_) + " messages came" : std::string("nothing came");
        return Error(Errc::timeout, asked + " in " + show_duration(*context.timeout), "`bus topic info` shows who publishes");
    }

    Selection selection_;
    StreamOptions stream_;
    EchoOptions format_;
    std::optional<std::uint64_t> count_, history_;
    std::optional<Nanoseconds> duration_;
    bool once_ = false;
};

}  // namespace

VerbEntry const kTopicEcho{"topic", "echo", "Messages as they come",
                           "Attaches as an observer: it slows nobody down, and says when it lost messages itself.\n"
                           "-t is the longest wait: for all of -n, else for each message.",
                           make_verb<TopicEcho>};

}  // namespace bus::tool

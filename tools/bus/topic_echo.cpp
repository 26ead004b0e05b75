// bus topic echo: the messages of topics, as lines.
#include <algorithm>
#include <bus/name.hpp>
#include <chrono>
#include <set>

#include "connect.hpp"
#include "echo_format.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "message_filter.hpp"
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
        options.texts("--field", format_.fields, "Only this field: a.b, or points.0.x; may be repeated", Need::optional, "FIELD");
        filter_.declare(options);
        options.flag("--csv", format_.csv, "Comma-separated values, with a line of titles; a column for each field");
        options.flag_with_value("--raw", format_.raw, "plain", {"plain", "delimited"},
                                "The bytes as published; --raw=delimited puts protobuf's length before each");
        options.flag("--reliable", stream_.reliable, "Take part in flow control: lose nothing, and hold publishers up if need be");
        options.flag("--existing", stream_.existing, "Status 3 where there is no such topic, instead of waiting for it");
        options.exclusive("--once", "--count");
        options.exclusive("--raw", "--field");
        options.exclusive("--raw", "--csv");
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
        if (format_.csv && context.json) return usage_error("--csv and --json can't be had together", "leave one out");
        if (auto good = filter_.check(); !good) return good;
        auto& fields = format_.fields;
        for (auto at = fields.begin(); at != fields.end();) at = std::find(fields.begin(), at, *at) == at ? at + 1 : fields.erase(at);
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
        for (std::uint64_t seen = 0; !count_ || seen < *count_;) {
            auto const until = patience(context, begin);
            auto sample = next_shown(stream, std::min(end, until), context);
            if (!sample && is_usage_error(sample.error())) return sample.error();
            if (!sample) return ended(sample.error(), end < until, seen, context);
            auto const line = formatter.format(*sample);
            if (!line && !is_usage_error(line.error())) {
                context.note("left out: " + line.error().what());
                continue;
            }
            if (!line && !is_of_pattern(*sample)) return line.error();
            if (!line || (line->empty() && format_.csv)) {
                leave_out(*sample, line ? "it has another type than this table" : line.error().what(), context);
                continue;
            }
            if (auto written = context.out.write(*line); !written) return ended(written.error(), false, seen, context);
            ++seen;
        }
        return ExitStatus::done;
    }

    Result<Sample<Any>> next_shown(TopicStream& stream, Deadline deadline, Context& context) {
        while (true) {
            auto sample = stream.next(deadline);
            if (!sample) return sample;
            auto const passes = filter_.passes(*sample, selection_, context);
            if (!passes) return passes.error();
            if (*passes) return sample;
            if (auto written = context.out.flush(); !written) return written.error();  // what is shown is shown at once
        }
    }

    bool is_of_pattern(Sample<Any> const& sample) const {
        return is_pattern(selection_.patterns()[selection_.first_match(sample.info().topic)]);
    }

    /// Said once a type.
    void leave_out(Sample<Any> const& sample, std::string const& why, Context const& context) {
        if (left_out_.insert(std::string(sample.message().type())).second)
            context.note("topic '" + std::string(sample.info().topic) + "' and what else has its type is left out: " + why);
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
    MessageFilter filter_;
    std::set<std::string> left_out_;  // types without the fields, or that the table of --csv has no columns for
    std::optional<std::uint64_t> count_, history_;
    std::optional<Nanoseconds> duration_;
    bool once_ = false;
};

}  // namespace

VerbEntry const kTopicEcho{"topic",
                           "echo",
                           "Messages as they come",
                           "Attaches as an observer: it slows nobody down, and says when it lost messages itself.\n"
                           "-t is the longest wait: for all of -n, else for each message.",
                           make_verb<TopicEcho>,
                           "  bus topic echo 'robot/**' -x 'robot/camera/**'\n"
                           "  bus topic echo robot/pose --field x --field y --where 'x > 3'\n"
                           "  bus topic echo robot/pose --csv -d 10s > poses.csv\n"
                           "  bus topic echo robot/pose --raw=delimited |\n"
                           "      bus topic pub robot/copy --raw=delimited"};

}  // namespace bus::tool

// bus events: what comes, goes and is refused on a bus, as lines.
//
// busd tells it on `$bus/events`, as long as it lives. That it died is found out here, and told as an event of our own; the next one goes
// on in a ring of its own.
#include <bus/connection.hpp>
#include <bus/name.hpp>
#include <bus/subscriber.hpp>

#include <algorithm>
#include <deque>

#include "connect.hpp"
#include "errors.hpp"
#include "events_format.hpp"
#include "interrupt.hpp"
#include "quantity.hpp"
#include "verbs.hpp"
#include "waiting.hpp"

namespace bus::tool {
namespace {

using BusEvent = v1::Event;

constexpr char const* kTopic = "$bus/events";
constexpr std::size_t kAtOnce = 64;
constexpr std::chrono::milliseconds kLook{250};  // whether the broker lives

struct Heard {
    BusEvent event;
    std::uint64_t lost = 0;  // by us, before it
};

/// The events of all brokers there will be, and those of our own making.
class EventStream {
public:
    static Result<EventStream> open(Connection& bus, Context& context) {
        auto subscriber = bus.subscriber<BusEvent>(kTopic, {.observe = true});
        if (!subscriber) return subscriber.error();
        auto const fd = subscriber->fd();
        if (fd < 0) return Error(Errc::limit, "no descriptor is left for the events of the bus", "ulimit -n");
        return EventStream(std::move(*subscriber), fd, context);
    }

    /// Errors: those of wait_readable(); closed, with a text: the bus ended.
    Result<Heard> next(Deadline deadline) {
        while (true) {
            if (interrupted()) return Errc::cancelled;
            if (std::chrono::steady_clock::now() >= deadline) return Errc::timeout;
            if (waiting_.empty())
                if (auto heard = hear(); !heard && waiting_.empty()) return heard.error();
            if (!waiting_.empty()) return take();
            auto const waited = wait_readable(context_->out, {fd_}, std::min(deadline, next_look_));
            if (!waited && waited.error() != Errc::timeout) return waited.error();
            if (auto looked = look_at_broker(); !looked && waiting_.empty()) return looked.error();
        }
    }
    std::uint64_t lost() const noexcept { return subscriber_.lost(); }

private:
    EventStream(Subscriber<BusEvent> subscriber, int fd, Context& context)
        : context_(&context), subscriber_(std::move(subscriber)), fd_(fd) {}

    Heard take() {
        auto heard = std::move(waiting_.front());
        waiting_.pop_front();
        return heard;
    }

    // Errors: closed, once all was heard. What can't be read is said and passed over.
    Result<void> hear() {
        for (std::size_t count = 0; count < kAtOnce; ++count) {
            auto const sample = subscriber_.try_receive();
            if (!sample && sample.error() == Errc::would_block) return {};
            if (!sample && sample.error() != Errc::invalid) return sample.error();
            if (!sample) {
                context_->note(sample.error().what());
                continue;
            }
            auto const& event = sample->message();
            if (event.kind() == BusEvent::broker_took_over) {
                // One that was replaced at once was not missed.
                if (!is_lost_ && !has_ended_) add_loss("the broker was gone; another one has taken over");
                is_lost_ = false;
            }
            has_ended_ = event.kind() == BusEvent::broker_ending;
            waiting_.push_back({event, sample->info().lost_before});
        }
        return {};
    }

    // A death rings nobody. What the dead one had told comes first.
    Result<void> look_at_broker() {
        if (std::chrono::steady_clock::now() < next_look_) return {};
        next_look_ = deadline_in(kLook);
        if (is_lost_ || want_broker(*context_)) return {};
        if (auto heard = hear(); !heard) return heard;
        if (!want_broker(*context_)) add_loss("the broker is gone; clients go on, and wait for the next one");
        return {};
    }

    void add_loss(std::string text) {
        waiting_.push_back({own_event(BusEvent::broker_lost, wall_now(), std::move(text)), 0});
        is_lost_ = true;
    }

    Context* context_;
    Subscriber<BusEvent> subscriber_;
    int fd_;
    Deadline next_look_ = deadline_in(kLook);
    std::deque<Heard> waiting_;
    bool is_lost_ = false;    // told, and no other one was heard of since
    bool has_ended_ = false;  // it said so itself
};

class Events final : public Verb {
public:
    void declare(OptionSet& options) override {
        options.count("-n,--count", count_, "End after N events");
        options.flag("--once", once_, "End after one event");
        options.duration("-d,--duration", duration_, "End after this time");
        options.texts("--kind", kinds_, "Only events of this kind; may be repeated");
        options.texts("--topic", patterns_, "Only events of topics of this name or pattern; may be repeated");
        options.exclusive("--once", "--count");
    }

    Result<ExitStatus> run(Context& context) override {
        if (auto good = check(); !good) return good.error();
        auto bus = connect(context);
        if (!bus) return bus.error();
        InterruptsConnection const interrupts(*bus);
        auto stream = EventStream::open(*bus, context);
        if (!stream) return stream.error();
        auto const status = write_events(*stream, context);
        if (context.out.reader_gone()) return ExitStatus::done;
        if (auto written = context.out.flush(); !written && !interrupted()) return written.error();
        auto const lost = stream->lost();
        if (interrupted() || lost > 0)
            context.note(std::to_string(seen_) + (seen_ == 1 ? " event" : " events") +
                         (lost > 0 ? ", " + std::to_string(lost) + " lost" : ""));
        return status;
    }

private:
    Result<void> check() {
        for (auto const& kind : kinds_) {
            BusEvent::Kind known{};
            if (BusEvent::Kind_Parse(kind, &known) && known != BusEvent::kind_unknown) continue;
            std::string all;
            for (int number = 1; BusEvent::Kind_IsValid(number); ++number)
                all += (all.empty() ? "" : ", ") + kind_name(static_cast<BusEvent::Kind>(number));
            return usage_error("'" + kind + "' is no kind of event", "there are " + all);
        }
        for (auto const& pattern : patterns_)
            if (auto good = check_pattern(pattern); !good) return usage_error(good.error().what(), good.error().hint());
        if (once_) count_ = 1;
        return {};
    }

    bool wanted(BusEvent const& event) const {
        if (!kinds_.empty() && std::ranges::find(kinds_, kind_name(event.kind())) == kinds_.end()) return false;
        // A subscriber's pattern is asked for by itself, or by one that means it.
        return patterns_.empty() || (!event.topic().empty() && std::ranges::any_of(patterns_, [&](std::string const& pattern) {
                   return pattern == event.topic() || matches(pattern, event.topic());
               }));
    }

    /// With a count, the timeout is for all of it; without, for each event.
    Result<ExitStatus> write_events(EventStream& stream, Context& context) {
        auto const end = duration_ ? deadline_in(*duration_) : Deadline::max();
        auto until = context.timeout ? deadline_in(*context.timeout) : Deadline::max();
        while (!count_ || seen_ < *count_) {
            auto const heard = stream.next(std::min(end, until));
            if (!heard) return ended(heard.error(), end < until, context);
            if (heard->lost > 0) context.note(std::to_string(heard->lost) + " events were lost here: read too late");
            if (!wanted(heard->event)) continue;
            auto const line = context.json ? event_json(heard->event, heard->lost) : event_text(heard->event);
            if (auto written = context.out.write(line); !written) return ended(written.error(), false, context);
            ++seen_;
            if (context.timeout && !count_) until = deadline_in(*context.timeout);
        }
        return ExitStatus::done;
    }

    Result<ExitStatus> ended(Error const& error, bool by_duration, Context const& context) const {
        if (error == Errc::cancelled) return count_ || duration_ ? ExitStatus::interrupted : ExitStatus::done;
        if (error == Errc::closed && context.out.reader_gone()) return ExitStatus::done;
        if (error != Errc::timeout) return error;
        if (by_duration) return ExitStatus::done;
        auto const asked =
            count_ ? std::to_string(seen_) + " of " + std::to_string(*count_) + " events came" : std::string("nothing happened");
        return Error(Errc::timeout, asked + " in " + show_duration(*context.timeout), "`bus client ls` shows who is there");
    }

    std::optional<std::uint64_t> count_;
    std::optional<Nanoseconds> duration_;
    std::vector<std::string> kinds_, patterns_;
    bool once_ = false;
    std::uint64_t seen_ = 0;
};

}  // namespace

VerbEntry const kEvents{"", "events", "Who comes, leaves, dies, and what is refused, as it happens",
                        "The same as `bus topic echo '$bus/events'`, for people; it goes on when the broker is replaced.\n"
                        "-t is the longest wait: for all of -n, else for each event.",
                        make_verb<Events>};

}  // namespace bus::tool

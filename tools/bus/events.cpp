// bus events: what comes, goes and is refused on a bus, as lines.
//
// busd tells it on `$bus/events`, as long as it lives. That it died is found out here, and told as an event of our own; the next one goes
// on in a ring of its own.
#include <bus/connection.hpp>
#include <bus/name.hpp>
#include <bus/subscriber.hpp>

#include <algorithm>
#include <deque>
#include <memory>

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
        EventStream stream(bus, std::move(*subscriber), context);
        auto listens = bus.on_event([gone = stream.broker_gone_](bus::Event const& event) {
            if (event.kind == bus::Event::Kind::broker_lost) *gone = true;
        });
        if (!listens) return listens.error();
        stream.fds_ = {stream.subscriber_.fd(), bus.fd()};
        if (std::ranges::min(stream.fds_) < 0) return Error(Errc::limit, "no descriptor is left for the events of the bus", "ulimit -n");
        return stream;
    }

    /// Errors: those of wait_readable(); closed, with a text: the bus ended.
    Result<Heard> next(Deadline deadline) {
        while (true) {
            if (interrupted()) return Errc::cancelled;
            if (std::chrono::steady_clock::now() >= deadline) return Errc::timeout;
            if (!waiting_.empty()) return take();
            if (auto heard = hear(); !heard) return heard.error();
            if (!waiting_.empty()) continue;
            // What a dead broker had told was read by now.
            if (auto done = bus_->dispatch(); !done) return done.error();
            if (std::exchange(*broker_gone_, false) && !want_broker(*context_))
                add_loss("the broker is gone; clients go on, and wait for the next one");
            if (!waiting_.empty()) continue;
            if (auto waited = wait_readable(context_->out, fds_, deadline); !waited) return waited.error();
        }
    }
    std::uint64_t lost() const noexcept { return subscriber_.lost(); }

private:
    EventStream(Connection& bus, Subscriber<BusEvent> subscriber, Context& context)
        : bus_(&bus), context_(&context), subscriber_(std::move(subscriber)) {}

    Heard take() {
        auto heard = std::move(waiting_.front());
        waiting_.pop_front();
        return heard;
    }

    Result<void> hear() {
        for (std::size_t count = 0; count < kAtOnce; ++count) {
            auto const sample = subscriber_.try_receive();
            if (!sample && sample.error() == Errc::would_block) return {};
            if (!sample) return sample.error();
            auto const& event = sample->message();
            // A broker that was replaced at once was not missed.
            if (event.kind() == BusEvent::broker_took_over && !is_missed_) add_loss("the broker was gone; another one has taken over");
            is_missed_ = event.kind() == BusEvent::broker_ending;
            waiting_.push_back({event, sample->info().lost_before});
        }
        return {};
    }

    void add_loss(std::string text) {
        waiting_.push_back({own_event(BusEvent::broker_lost, wall_now(), std::move(text)), 0});
        is_missed_ = true;
    }

    Connection* bus_;
    Context* context_;
    Subscriber<BusEvent> subscriber_;
    std::vector<int> fds_;
    std::deque<Heard> waiting_;
    std::shared_ptr<bool> broker_gone_ = std::make_shared<bool>(false);  // and not told yet
    bool is_missed_ = false;                                             // nothing was heard since its end
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

// bus dump: all that can be said of a bus, at once; with --monitor again whenever something came or went.
#include <algorithm>
#include <chrono>

#include "connect.hpp"
#include "dump_format.hpp"
#include "errors.hpp"
#include "interrupt.hpp"
#include "quantity.hpp"
#include "verbs.hpp"
#include "waiting.hpp"

namespace bus::tool {
namespace {

constexpr std::chrono::milliseconds kLook{100};

class Dump final : public Verb {
public:
    void declare(OptionSet& options) override {
        options.flag("-m,--monitor", monitor_, "Go on: write it all again whenever a client, topic, publisher or subscriber came or went");
        options.count("-n,--count", count_, "With --monitor: end after N");
        options.duration("-d,--duration", duration_, "With --monitor: end after this time");
        options.flag("--wide", wide_, "Cut no name");
    }

    Result<ExitStatus> run(Context& context) override {
        if ((count_ || duration_) && !monitor_) return usage_error("--count and --duration are for --monitor", "bus dump -m -n 3");
        auto const first = take_dump(connection_options(context));
        if (!first) return first.error();
        if (auto written = write(*first, context); !written) return written.error();
        if (!monitor_) {
            if (auto broker = want_broker(context); !broker) return broker.error();
            return ExitStatus::done;
        }
        auto const done = follow(*first, context);
        if (done || done.error() != Errc::cancelled) return done;
        return count_ || duration_ ? ExitStatus::interrupted : ExitStatus::done;
    }

private:
    Result<void> write(BusDump const& dump, Context& context) const {
        return context.out.write(context.json ? dump_json(dump) : dump_text(dump, Screen::of_stdout(wide_)));
    }

    /// A bus that ended is the end; one whose busd is dead is shown as it is, and looked at further.
    Result<ExitStatus> follow(BusDump const& first, Context& context) const {
        auto const end = duration_ ? deadline_in(*duration_) : Deadline::max();
        auto seen = what_is_there(first);
        for (std::uint64_t written = 1; !count_ || written < *count_;) {
            auto const now = std::chrono::steady_clock::now();
            if (now >= end) break;
            if (auto slept = sleep_until(context.out, std::min(end, now + kLook)); !slept) {
                if (context.out.reader_gone()) return ExitStatus::done;
                return slept.error();
            }
            auto const dump = take_dump(connection_options(context));
            if (!dump) return dump.error();
            auto there = what_is_there(*dump);
            if (there == seen) continue;
            seen = std::move(there);
            if (!context.json) {
                if (auto line = context.out.write("\n"); !line) return line.error();
            }
            if (auto done = write(*dump, context); !done) return done.error();
            ++written;
        }
        return ExitStatus::done;
    }

    std::optional<std::uint64_t> count_;
    std::optional<Nanoseconds> duration_;
    bool monitor_ = false, wide_ = false;
};

}  // namespace

VerbEntry const kDump{"",
                      "dump",
                      "All that is on the bus, at once",
                      "Broker, clients, topics with who publishes and who reads, losses, kernel objects. Needs no living broker: where it "
                      "is dead, this is how it left the bus (and the status is 4).",
                      make_verb<Dump>,
                      "  bus dump --json > bus.json\n"
                      "  bus dump -m --json | jq -c '.clients | length'"};

}  // namespace bus::tool

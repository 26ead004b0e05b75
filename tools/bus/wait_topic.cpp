// bus wait topic: until a topic has its publishers and subscribers.
#include <bus/introspect.hpp>
#include <utility>

#include "connect.hpp"
#include "errors.hpp"
#include "json_writer.hpp"
#include "progress.hpp"
#include "quantity.hpp"
#include "selection.hpp"
#include "verbs.hpp"
#include "waiting.hpp"

namespace bus::tool {
namespace {

constexpr std::chrono::milliseconds kLook{20};

class WaitTopic final : public Verb {
public:
    void declare(OptionSet& options) override {
        options.text("NAME", name_, "The topic", Need::required, "TOPIC");
        options.count("--publishers", publishers_, "Until it has so many publishers (1 if neither is given)");
        options.count("--subscribers", subscribers_, "Until it has so many subscribers, observers included");
    }

    Result<ExitStatus> run(Context& context) override {
        if (auto good = check_topic_name(name_); !good) return good.error();
        if (!publishers_ && !subscribers_) publishers_ = 1;
        auto const deadline = context.timeout ? deadline_in(*context.timeout) : Deadline::max();
        Progress progress(context);
        while (true) {
            auto const there = look(context);
            if (!there) return there.error();
            if (*there) return ExitStatus::done;
            progress.update([&] { return "waiting for " + has(); });
            auto const now = std::chrono::steady_clock::now();
            if (now >= deadline) return too_late(context);
            if (auto slept = sleep_until(context.out, std::min(deadline, now + kLook)); !slept) return slept.error();
        }
    }

private:
    Result<bool> look(Context const& context) {
        auto const topics = list_topics(name_, connection_options(context));
        if (!topics) return topics.error();
        seen_ = topics->empty() ? TopicInfo{} : topics->front();
        auto const broker = want_broker(context);
        if (!broker && broker.error() != Errc::no_broker) return broker.error();
        if (!broker && !std::exchange(told_dead_, true)) context.note(broker.error().what() + "; waiting for the next one");
        if (!broker) return false;
        return seen_.publishers >= publishers_.value_or(0) && seen_.subscribers + seen_.observers >= subscribers_.value_or(0);
    }

    std::string has() const {
        return "topic '" + name_ + "', which has " + std::to_string(seen_.publishers) + " publishers and " +
               std::to_string(seen_.subscribers + seen_.observers) + " subscribers";
    }

    Error too_late(Context const& context) const {
        return {Errc::timeout,
                "topic '" + name_ + "' has " + std::to_string(seen_.publishers) + " publishers and " +
                    std::to_string(seen_.subscribers + seen_.observers) + " subscribers after " + show_duration(*context.timeout),
                "bus topic ls"};
    }

    std::string name_;
    std::optional<std::uint64_t> publishers_, subscribers_;
    TopicInfo seen_;
    bool told_dead_ = false;
};

}  // namespace

VerbEntry const kWaitTopic{"wait", "topic", "Until a topic is there, with so many publishers and subscribers", "", make_verb<WaitTopic>};

}  // namespace bus::tool

// bus topic rm: removes topics that nobody uses, and what is retained there.
#include <bus/connection.hpp>
#include <bus/introspect.hpp>

#include "confirm.hpp"
#include "connect.hpp"
#include "errors.hpp"
#include "json_writer.hpp"
#include "quantity.hpp"
#include "selection.hpp"
#include "topic_list.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::string named(TopicInfo const& topic) {
    auto text = topic.name;
    if (topic.messages > 0) text += " (" + show_bytes(static_cast<double>(topic.bytes)) + " published there)";
    return text;
}

/// What busd would say of a topic that has users. Errors: conflict.
Result<void> check_unused(std::string const& topic, Context const& context) {
    auto const detail = topic_detail(topic, connection_options(context));
    if (!detail) return detail.error();
    std::string users;
    auto const add = [&](Identity const& identity, std::uint64_t client) {
        users += (users.empty() ? "" : ", ") + identity.name + " (client " + std::to_string(client) + ")";
    };
    for (auto const& publisher : detail->publishers)
        if (!publisher.left) add(publisher.identity, publisher.client);
    for (auto const& subscriber : detail->subscribers)
        if (subscriber.pattern == topic) add(subscriber.identity, subscriber.client);
    if (users.empty()) return {};
    return Error(Errc::conflict, "topic '" + topic + "' is in use: " + users, "bus topic info " + topic);
}

class TopicRm final : public Verb {
public:
    void declare(OptionSet& options) override {
        selection_.declare(options, Need::required);
        confirmation_.declare(options);
    }

    Result<ExitStatus> run(Context& context) override {
        if (auto good = selection_.check(); !good) return good.error();
        auto const topics = selected_topics(selection_, connection_options(context));
        if (!topics) return topics.error();
        if (topics->empty()) return Error(Errc::not_found, "no topic matches", "bus topic ls");
        std::vector<std::string> lines;
        for (auto const& topic : *topics) lines.push_back(named(topic));
        auto const question =
            topics->size() == 1 ? "remove topic '" + topics->front().name + "'" : "remove " + std::to_string(topics->size()) + " topics";
        auto const go_on = confirmation_.obtain(context, question, lines);
        if (!go_on) return go_on.error();
        if (!*go_on && !confirmation_.is_dry_run()) return ExitStatus::done;
        std::vector<std::string> removed;
        auto const done = remove(*topics, *go_on, removed, context);
        if (auto written = context.out.write(context.json ? as_json(removed) : as_text(removed)); !written) return written.error();
        if (!done) return done.error();
        return ExitStatus::done;
    }

private:
    static Result<void> remove(std::vector<TopicInfo> const& topics, bool really, std::vector<std::string>& removed, Context& context) {
        std::optional<Connection> bus;
        for (auto const& topic : topics) {
            if (really && !bus) {
                auto made = connect(context);
                if (!made) return made.error();
                bus.emplace(std::move(*made));
            }
            if (auto done = really ? bus->remove_topic(topic.name) : check_unused(topic.name, context); !done) return done;
            removed.push_back(topic.name);
        }
        return {};
    }

    std::string as_json(std::vector<std::string> const& topics) const {
        JsonWriter json;
        json.object().member("dry_run", confirmation_.is_dry_run()).key("removed").array();
        for (auto const& topic : topics) json.object().member("topic", topic).end_object();
        return json.end_array().end_object().take() + "\n";
    }

    std::string as_text(std::vector<std::string> const& topics) const {
        std::string text;
        for (auto const& topic : topics) text += (confirmation_.is_dry_run() ? "would remove " : "removed ") + printable(topic) + "\n";
        return text;
    }

    Selection selection_;
    Confirmation confirmation_;
};

}  // namespace

VerbEntry const kTopicRm{"topic",
                         "rm",
                         "Removes topics that nobody uses",
                         "What is retained there goes too. A topic that has publishers or subscribers by name is not removed: they are "
                         "named (status 1). The first that can't be removed ends it; what was removed before is said.",
                         make_verb<TopicRm>,
                         "  bus topic rm old/pose\n"
                         "  bus topic rm 'test/**' --dry-run"};

}  // namespace bus::tool

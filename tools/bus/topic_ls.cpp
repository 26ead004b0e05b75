// bus topic ls: the topics, one line each.
#include <algorithm>

#include <bus/introspect.hpp>
#include <bus/name.hpp>

#include "connect.hpp"
#include "json_writer.hpp"
#include "quantity.hpp"
#include "selection.hpp"
#include "table.hpp"
#include "topic_json.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::string as_json(std::vector<TopicInfo> const& topics) {
    JsonWriter json;
    json.object().key("topics").array();
    for (auto const& topic : topics) {
        json.object();
        add_topic(json, topic);
        json.member("publishers", topic.publishers).member("subscribers", topic.subscribers).member("observers", topic.observers);
        json.end_object();
    }
    return json.end_array().end_object().take() + "\n";
}

std::string as_text(std::vector<TopicInfo> const& topics, std::size_t columns) {
    Table table({{"TOPIC", Align::left, true},
                 {"TYPE", Align::left, true},
                 {"PUB", Align::right},
                 {"SUB", Align::right},
                 {"OBS", Align::right},
                 {"MSG/S", Align::right},
                 {"BYTES/S", Align::right},
                 {"LOST", Align::right}});
    for (auto const& topic : topics) {
        table.row({topic.name, shown_type(topic.type), std::to_string(topic.publishers), std::to_string(topic.subscribers),
                   std::to_string(topic.observers), show_rate(topic.rate), show_bytes(topic.bytes_per_second), std::to_string(topic.lost)});
    }
    return table.text(columns);
}

class TopicLs final : public Verb {
public:
    void declare(OptionSet& options) override {
        selection_.declare(options, Need::optional);
        options.flag("--wide", wide_, "Cut no name");
    }

    Result<ExitStatus> run(Context& context) override {
        if (auto good = selection_.check(); !good) return good.error();
        auto const topics = select(context);
        if (!topics) return topics.error();
        auto const text = context.json ? as_json(*topics) : as_text(*topics, wide_ ? 0 : Output::terminal_columns());
        if (auto written = context.out.write(text); !written) return written.error();
        if (auto broker = want_broker(context); !broker) return broker.error();
        return ExitStatus::done;
    }

private:
    /// Sorted by name, each once. Errors: not_found: a name (not a pattern) that is not there.
    Result<std::vector<TopicInfo>> select(Context const& context) const {
        std::vector<TopicInfo> selected;
        for (std::size_t i = 0; i < selection_.patterns().size(); ++i) {
            auto const& pattern = selection_.patterns()[i];
            auto const topics = list_topics(pattern, connection_options(context));
            if (!topics) return topics.error();
            if (topics->empty() && !is_pattern(pattern))
                return Error(Errc::not_found, "there is no topic '" + pattern + "'", "bus topic ls");
            std::copy_if(topics->begin(), topics->end(), std::back_inserter(selected), [&](TopicInfo const& topic) {
                return selection_.first_match(topic.name) == i && !selection_.excludes(topic.name);
            });
        }
        std::sort(selected.begin(), selected.end(), [](auto const& a, auto const& b) { return a.name < b.name; });
        return selected;
    }

    Selection selection_;
    bool wide_ = false;
};

}  // namespace

VerbEntry const kTopicLs{"topic", "ls", "The topics, their types, rates and losses", "", make_verb<TopicLs>};

}  // namespace bus::tool

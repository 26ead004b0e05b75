// bus topic ls: the topics, one line each.
#include <bus/introspect.hpp>

#include "connect.hpp"
#include "json_writer.hpp"
#include "quantity.hpp"
#include "selection.hpp"
#include "table.hpp"
#include "topic_json.hpp"
#include "topic_list.hpp"
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

std::string as_text(std::vector<TopicInfo> const& topics, Screen const& screen) {
    Table table({{"TOPIC", Align::left, true},
                 {"TYPE", Align::left, true, 3},
                 {"PUB", Align::right, false, 6},
                 {"SUB", Align::right, false, 4},
                 {"OBS", Align::right, false, 1},
                 {"MSG/S", Align::right},
                 {"BYTES/S", Align::right, false, 2},
                 {"LOST", Align::right, false, 5}});
    for (auto const& topic : topics) {
        table.row({topic.name, shown_type(topic.type), std::to_string(topic.publishers), std::to_string(topic.subscribers),
                   std::to_string(topic.observers), show_rate(topic.rate), show_bytes(topic.bytes_per_second), std::to_string(topic.lost)},
                  topic.lost > 0 ? Tone::notice : Tone::plain);
    }
    return table.text(screen);
}

class TopicLs final : public Verb {
public:
    void declare(OptionSet& options) override {
        selection_.declare(options, Need::optional);
        options.flag("--wide", wide_, "Cut no name");
    }

    Result<ExitStatus> run(Context& context) override {
        if (auto good = selection_.check(); !good) return good.error();
        auto const topics = selected_topics(selection_, connection_options(context));
        if (!topics) return topics.error();
        auto const text = context.json ? as_json(*topics) : as_text(*topics, Screen::of_stdout(wide_));
        if (auto written = context.out.write(text); !written) return written.error();
        if (auto broker = want_broker(context); !broker) return broker.error();
        return ExitStatus::done;
    }

private:
    Selection selection_;
    bool wide_ = false;
};

}  // namespace

VerbEntry const kTopicLs{"topic", "ls", "The topics, their types, rates and losses", "", make_verb<TopicLs>};

}  // namespace bus::tool

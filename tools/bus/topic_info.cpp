// bus topic info: who publishes and who reads, how far behind each reader is, and what it lost of whom.
#include <bus/introspect.hpp>

#include "connect.hpp"
#include "selection.hpp"
#include "topic_info_format.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

class TopicInfoVerb final : public Verb {
public:
    void declare(OptionSet& options) override {
        selection_.declare(options, Need::required);
        options.flag("--wide", wide_, "Cut no name");
    }

    Result<ExitStatus> run(Context& context) override {
        if (auto good = selection_.check(); !good) return good.error();
        auto const details = collect(context);
        if (!details) return details.error();
        auto const text = context.json ? details_json(*details) : details_text(*details, Screen::of_stdout(wide_));
        if (auto written = context.out.write(text); !written) return written.error();
        if (auto broker = want_broker(context); !broker) return broker.error();
        return ExitStatus::done;
    }

private:
    Result<std::vector<TopicDetail>> collect(Context const& context) const {
        auto const options = connection_options(context);
        std::vector<TopicDetail> details;
        for (std::size_t i = 0; i < selection_.patterns().size(); ++i) {
            auto const& pattern = selection_.patterns()[i];
            auto topics = topic_details(pattern, options);
            if (!topics) return topics.error();
            if (topics->empty()) return Error(Errc::not_found, "there is no topic '" + pattern + "'", "bus topic ls");
            for (auto& topic : *topics) {
                auto const& name = topic.topic.name;
                if (selection_.first_match(name) == i && !selection_.excludes(name)) details.push_back(std::move(topic));
            }
        }
        return details;
    }

    Selection selection_;
    bool wide_ = false;
};

}  // namespace

VerbEntry const kTopicInfo{"topic", "info", "Who publishes, who reads, how far behind, what was lost", "", make_verb<TopicInfoVerb>};

}  // namespace bus::tool

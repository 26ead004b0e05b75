// bus lost: what was lost, by whom, of whom, and why. Status 1 if anything was.
#include <bus/introspect.hpp>
#include <bus/name.hpp>

#include "connect.hpp"
#include "loss_json.hpp"
#include "selection.hpp"
#include "verbs.hpp"

namespace bus::tool {
namespace {

std::uint64_t sum_of(std::vector<LossInfo> const& losses) {
    std::uint64_t sum = 0;
    for (auto const& loss : losses) sum += loss.count;
    return sum;
}

std::string as_json(std::vector<LossInfo> const& losses) {
    JsonWriter json;
    json.object().member("lost", sum_of(losses)).key("losses").array();
    for (auto const& loss : losses) add_loss(json, loss);
    return json.end_array().end_object().take() + "\n";
}

std::string as_text(std::vector<LossInfo> const& losses, Screen const& screen) {
    if (losses.empty()) return "nothing was lost\n";
    return loss_table(losses, screen);
}

class Lost final : public Verb {
public:
    void declare(OptionSet& options) override {
        selection_.declare(options, Need::optional);
        options.flag("--wide", wide_, "Cut no name");
    }

    Result<ExitStatus> run(Context& context) override {
        if (auto good = selection_.check(); !good) return good.error();
        auto const losses = select(context);
        if (!losses) return losses.error();
        auto const text = context.json ? as_json(*losses) : as_text(*losses, Screen::of_stdout(wide_));
        if (auto written = context.out.write(text); !written) return written.error();
        if (auto broker = want_broker(context); !broker) return broker.error();
        return losses->empty() ? ExitStatus::done : ExitStatus::error;
    }

private:
    Result<std::vector<LossInfo>> select(Context const& context) const {
        auto const options = connection_options(context);
        std::vector<LossInfo> selected;
        for (std::size_t i = 0; i < selection_.patterns().size(); ++i) {
            auto const& pattern = selection_.patterns()[i];
            if (!is_pattern(pattern)) {
                auto const topics = list_topics(pattern, options);
                if (!topics) return topics.error();
                if (topics->empty()) return Error(Errc::not_found, "there is no topic '" + pattern + "'", "bus topic ls");
            }
            auto losses = list_losses(pattern, options);
            if (!losses) return losses.error();
            for (auto& loss : *losses)
                if (selection_.first_match(loss.topic) == i && !selection_.excludes(loss.topic)) selected.push_back(std::move(loss));
        }
        return selected;
    }

    Selection selection_;
    bool wide_ = false;
};

}  // namespace

VerbEntry const kLost{"",
                      "lost",
                      "What was lost, by whom, of whom, and why",
                      "Status 1 if anything was lost, 0 if not. A subscriber counts while it reads: what was overwritten before its next "
                      "look is not in it yet. Of subscribers and publishers that are gone only the sum of a topic is kept.",
                      make_verb<Lost>,
                      "  bus lost\n"
                      "  bus lost 'robot/**' --json | jq '.losses[].why'"};

}  // namespace bus::tool

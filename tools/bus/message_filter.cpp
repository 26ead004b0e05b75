// Which messages of a stream are shown.
#include "message_filter.hpp"

#include <google/protobuf/message.h>

#include <bus/name.hpp>

#include "errors.hpp"

namespace bus::tool {

void MessageFilter::declare(OptionSet& options) {
    options.text("--where", text_, "Only messages for which this holds: 'x > 3' (see `bus help conditions`)", Need::optional, "CONDITION");
}

Result<void> MessageFilter::check() {
    if (text_.empty()) return {};
    auto condition = Condition::parse(text_);
    if (!condition) return condition.error();
    condition_.emplace(std::move(*condition));
    return {};
}

Result<bool> MessageFilter::fits(Sample<Any> const& sample, Selection const& selection, Context const& context) {
    auto const type = sample.message().type();
    if (auto const known = types_.find(type); known != types_.end()) return known->second;
    auto const* const descriptor = sample.message().descriptor();
    auto const good = descriptor == nullptr
                          ? Result<void>(usage_error("--where: " + (type.empty() ? "bytes" : "plain struct " + std::string(type)) +
                                                         (type.empty() ? " have no fields" : " has no fields that we know"),
                                                     "leave --where out"))
                          : condition_->check(*descriptor);
    auto const topic = sample.info().topic;
    if (!good && !is_pattern(selection.patterns()[selection.first_match(topic)])) return good.error();
    if (!good) context.note("topic '" + std::string(topic) + "' and what else has its type is left out: " + good.error().what());
    types_.emplace(type, good.has_value());
    return good.has_value();
}

Result<bool> MessageFilter::passes(Sample<Any> const& sample, Selection const& selection, Context const& context) {
    if (!condition_) return true;
    auto const fit = fits(sample, selection, context);
    if (!fit || !*fit) return fit;
    auto const message = sample.message().dynamic();
    if (!message) {
        context.note("message " + std::to_string(sample.info().sequence) + " of '" + std::string(sample.info().topic) +
                     "' is left out: " + message.error().what());
        return false;
    }
    return condition_->holds(**message);
}

}  // namespace bus::tool

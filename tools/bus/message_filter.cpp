// Which messages of a stream are shown.
#include "message_filter.hpp"

#include <google/protobuf/message.h>

#include <algorithm>
#include <bus/name.hpp>

#include "errors.hpp"

namespace bus::tool {

void MessageFilter::declare(OptionSet& options) {
    options.texts("--where", texts_, "Only messages for which this holds: 'x > 3' (see `bus help conditions`); may be repeated",
                  Need::optional, "CONDITION");
}

Result<void> MessageFilter::check() {
    for (auto const& text : texts_) {
        auto condition = Condition::parse(text);
        if (!condition) return condition.error();
        conditions_.push_back(std::move(*condition));
    }
    return {};
}

Result<void> MessageFilter::check_type(Any const& message) const {
    auto const type = message.type();
    auto const* const descriptor = message.descriptor();
    if (descriptor == nullptr)
        return usage_error(
            type.empty() ? "--where: bytes have no fields" : "--where: the fields of plain struct " + std::string(type) + " are not known",
            "leave --where out");
    for (auto const& condition : conditions_)
        if (auto good = condition.check(*descriptor); !good) return good;
    return {};
}

Result<bool> MessageFilter::fits(Sample<Any> const& sample, Selection const& selection, Context const& context) {
    auto const type = sample.message().type();
    if (auto const known = types_.find(type); known != types_.end()) return known->second;
    auto const good = check_type(sample.message());
    auto const topic = sample.info().topic;
    if (!good && !is_pattern(selection.patterns()[selection.first_match(topic)])) return good.error();
    if (!good) context.note("topic '" + std::string(topic) + "' and what else has its type is left out: " + good.error().what());
    types_.emplace(type, good.has_value());
    return good.has_value();
}

Result<bool> MessageFilter::passes(Sample<Any> const& sample, Selection const& selection, Context const& context) {
    if (conditions_.empty()) return true;
    auto const fit = fits(sample, selection, context);
    if (!fit || !*fit) return fit;
    auto const message = sample.message().dynamic();
    if (!message) {
        context.note("message " + std::to_string(sample.info().sequence) + " of '" + std::string(sample.info().topic) +
                     "' is left out: " + message.error().what());
        return false;
    }
    return std::ranges::all_of(conditions_, [&](auto const& condition) { return condition.holds(**message); });
}

}  // namespace bus::tool

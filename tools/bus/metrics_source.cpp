// Numbers of a bus, read again and again.
#include "metrics_source.hpp"

#include <algorithm>
#include <iterator>

namespace bus::tool {
namespace {

bool wanted(Selection const& selection, std::string const& topic) {
    return !selection.excludes(topic) && selection.first_match(topic) < selection.patterns().size();
}

/// Adds what `one` has and no pattern before it meant.
template <class All, class Name>
void add_each_once(All& all, All& of_pattern, Selection const& selection, std::size_t index, Name name) {
    std::copy_if(std::make_move_iterator(of_pattern.begin()), std::make_move_iterator(of_pattern.end()), std::back_inserter(all),
                 [&](auto const& one) { return wanted(selection, name(one)) && selection.first_match(name(one)) == index; });
}

Result<void> add_topics(MetricsSnapshot& snapshot, Selection const& selection, ConnectionOptions const& options) {
    for (std::size_t i = 0; i < selection.patterns().size(); ++i) {
        auto topics = topic_details(selection.patterns()[i], options);
        if (!topics) return topics.error();
        add_each_once(snapshot.topics, *topics, selection, i, [](TopicDetail const& one) { return one.topic.name; });
        auto losses = list_losses(selection.patterns()[i], options);
        if (!losses) return losses.error();
        add_each_once(snapshot.losses, *losses, selection, i, [](LossInfo const& one) { return one.topic; });
    }
    return {};
}

std::map<std::string, double> counters_of(std::vector<MetricFamily> const& families) {
    std::map<std::string, double> counters;
    for (auto const& family : families) {
        if (family.type != MetricFamily::Type::counter) continue;
        for (auto const& metric : family.metrics) {
            auto key = family.name;
            for (auto const& [label, value] : metric.labels) key += '\n' + value;
            counters[key] = metric.value;
        }
    }
    return counters;
}

}  // namespace

Result<MetricsSnapshot> take_snapshot(Selection const& selection, ConnectionOptions const& options) {
    MetricsSnapshot snapshot;
    auto const take = [](auto& target, auto result) -> Result<void> {
        if (!result) return result.error();
        target = std::move(*result);
        return {};
    };
    if (auto taken = take(snapshot.info, bus_info(options)); !taken) return taken.error();
    if (auto taken = take(snapshot.clients, list_clients(options)); !taken) return taken.error();
    if (auto taken = add_topics(snapshot, selection, options); !taken) return taken.error();
    if (auto taken = take(snapshot.objects, kernel_objects(options)); !taken) return taken.error();
    return snapshot;
}

std::vector<MetricFamily> MetricsSource::families() const {
    auto const snapshot = take_();
    return snapshot ? families_of(*snapshot) : families_without_bus();
}

std::vector<MetricFamily> MetricsSource::read() {
    std::scoped_lock const lock(mutex_);
    auto read = families();
    auto counters = counters_of(read);
    // What a subscriber lost moves to its topic when it goes, and a moment between sees neither. Whoever looks twice does not see it twice;
    // what is still less than before is another topic of that name.
    bool const fell = std::any_of(counters.begin(), counters.end(), [&](auto const& counter) {
        auto const before = counters_.find(counter.first);
        return before != counters_.end() && counter.second < before->second;
    });
    if (fell) {
        read = families();
        counters = counters_of(read);
    }
    counters_ = std::move(counters);
    return read;
}

}  // namespace bus::tool

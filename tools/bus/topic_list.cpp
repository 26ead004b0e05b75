// The topics of a selection.
#include "topic_list.hpp"

#include <algorithm>
#include <bus/name.hpp>

namespace bus::tool {

Result<std::vector<TopicInfo>> selected_topics(Selection const& selection, ConnectionOptions const& options) {
    std::vector<TopicInfo> selected;
    for (std::size_t i = 0; i < selection.patterns().size(); ++i) {
        auto const& pattern = selection.patterns()[i];
        auto const topics = list_topics(pattern, options);
        if (!topics) return topics.error();
        if (topics->empty() && !is_pattern(pattern)) return Error(Errc::not_found, "there is no topic '" + pattern + "'", "bus topic ls");
        std::ranges::copy_if(*topics, std::back_inserter(selected), [&](TopicInfo const& topic) {
            return selection.first_match(topic.name) == i && !selection.excludes(topic.name);
        });
    }
    std::ranges::sort(selected, {}, &TopicInfo::name);
    return selected;
}

}  // namespace bus::tool

// How `topic info` shows topics.
#pragma once

#include <bus/introspect.hpp>
#include <string>
#include <vector>

namespace bus::tool {

std::string details_json(std::vector<TopicDetail> const& details);
std::string details_text(std::vector<TopicDetail> const& details, std::size_t columns);

}  // namespace bus::tool

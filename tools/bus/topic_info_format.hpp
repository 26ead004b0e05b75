// How `topic info` shows topics.
#pragma once

#include <bus/introspect.hpp>
#include <string>
#include <vector>

#include "json_writer.hpp"
#include "screen.hpp"

namespace bus::tool {

/// One object.
void add_detail(JsonWriter& json, TopicDetail const& detail);
std::string details_json(std::vector<TopicDetail> const& details);
std::string details_text(std::vector<TopicDetail> const& details, Screen const& screen);

}  // namespace bus::tool

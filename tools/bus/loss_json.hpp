// What `lost` and `dump` say of losses alike.
#pragma once

#include <bus/introspect.hpp>
#include <string>
#include <vector>

#include "json_writer.hpp"
#include "screen.hpp"

namespace bus::tool {

/// One object.
void add_loss(JsonWriter& json, LossInfo const& loss);
std::string loss_table(std::vector<LossInfo> const& losses, Screen const& screen);

}  // namespace bus::tool

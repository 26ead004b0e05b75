// Kernel objects as `ipc` and `doctor` show them.
#pragma once

#include <bus/introspect.hpp>
#include <string>
#include <vector>

#include "json_writer.hpp"
#include "screen.hpp"

namespace bus::tool {

std::string kind_name(KernelObject::Kind kind);
/// "0x0000162e", as `ipcs` writes keys.
std::string shown_key(std::int32_t key);
/// "644".
std::string shown_mode(std::uint32_t mode);
void add_object(JsonWriter& json, KernelObject const& object);
std::string object_table(std::vector<KernelObject> const& objects, Screen const& screen);

}  // namespace bus::tool

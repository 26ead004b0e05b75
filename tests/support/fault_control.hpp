// What the wrappers of fault_shim.cpp ask before each call.
#pragma once

namespace bus::test::fault {

/// Counts one call; when this one is to fail, sets errno and says so.
bool strikes(char const* call) noexcept;

}  // namespace bus::test::fault

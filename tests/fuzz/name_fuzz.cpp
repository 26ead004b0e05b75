// Any bytes as a name and as a pattern: checked in bounded time, and what is accepted keeps its promises.
#include <bus/name.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    std::string_view const text(reinterpret_cast<char const*>(data), size);
    auto const cut = text.find('\n');
    auto const pattern = text.substr(0, cut);
    auto const name = cut == std::string_view::npos ? std::string_view() : text.substr(cut + 1);
    bool const good_name = bus::check_name(name).has_value();
    bool const good_pattern = bus::check_pattern(pattern).has_value();
    if (good_name && (name.empty() || name.size() > 255)) std::abort();
    if (good_name && !bus::check_pattern(name).has_value()) std::abort();  // every name is a pattern that matches itself
    if (good_name && !bus::matches(name, name)) std::abort();
    if (good_name && good_pattern) (void)bus::matches(pattern, name);  // bounded: libFuzzer watches the time
    return 0;
}

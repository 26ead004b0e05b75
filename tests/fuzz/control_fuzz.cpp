// Any bytes as a control message: an error or a value, and a failure that travelled comes back as the same error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/control.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (auto const frame = bus::wire::parse_frame(std::as_bytes(std::span(data, size)))) (void)bus::wire::parse_hello(*frame);
    (void)bus::wire::parse_request(std::string(reinterpret_cast<char const*>(data), size));
    bus::v1::Answer answer;
    if (answer.ParseFromArray(data, static_cast<int>(size)) && answer.has_failure()) {
        auto const error = bus::wire::from_failure(answer.failure());
        bus::v1::Failure again;
        bus::wire::to_failure(error, again);
        if (error.code() == bus::Errc::ok || bus::wire::from_failure(again).code() != error.code()) std::abort();
    }
    return 0;
}

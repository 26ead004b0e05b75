// Which call fails when: a small table, read by the wrappers of fault_shim.cpp. No allocation and no lock in there: wrappers are called
// from anywhere, also before main().
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "support/fault_control.hpp"
#include "support/fault_shim.hpp"

namespace bus::test::fault {

namespace {

// Zero-initialised before any code runs. A call is found by the address-free number the wrapper got at its first call.
constexpr unsigned kMost = 96;
std::atomic<char const*> names[kMost];
std::atomic<unsigned> counters[kMost];
std::atomic<unsigned> fail_at[kMost];  // 0: never
std::atomic<unsigned> fail_times[kMost];
std::atomic<int> error_numbers[kMost];
std::atomic<bool> any_struck;
char const* told_at = nullptr;  // a path: a link is made there when a fault strikes, for the parent to see

unsigned slot_of(std::string_view call) noexcept {
    for (unsigned slot = 0; slot < kMost; ++slot) {
        char const* name = names[slot].load();
        if (name == nullptr) {
            char* const copy = ::strndup(call.data(), call.size());
            if (names[slot].compare_exchange_strong(name, copy)) return slot;
            std::free(copy);
            name = names[slot].load();
        }
        if (name == call) return slot;
    }
    std::fprintf(stderr, "fault shim: too many names\n");
    std::abort();
}

/// Reads $BUS_FAULT once, before main().
__attribute__((constructor)) void arm_from_environment() {
    told_at = std::getenv("BUS_FAULT_TOLD");
    char const* text = std::getenv("BUS_FAULT");
    while (text != nullptr && *text != '\0') {
        char const* const colon = std::strchr(text, ':');
        if (colon == nullptr) break;
        char* end = nullptr;
        auto const nth = std::strtoul(colon + 1, &end, 10);
        if (*end != ':') break;
        auto const error_number = std::strtol(end + 1, &end, 10);
        fail(std::string_view(text, static_cast<std::size_t>(colon - text)), static_cast<unsigned>(nth), static_cast<int>(error_number));
        text = *end == ',' ? end + 1 : end;
    }
}

}  // namespace

bool strikes(char const* call) noexcept {
    auto const slot = slot_of(call);
    auto const count = counters[slot].fetch_add(1) + 1;
    auto const first = fail_at[slot].load();
    if (first == 0 || count < first || count - first >= fail_times[slot].load()) return false;
    any_struck = true;
    if (told_at != nullptr) (void)!::symlink("struck", told_at);
    errno = error_numbers[slot].load();
    return true;
}

void fail(std::string_view call, unsigned nth, int error_number, unsigned times) {
    auto const slot = slot_of(call);
    error_numbers[slot] = error_number;
    fail_times[slot] = times;
    fail_at[slot] = counters[slot].load() + nth;
}

void reset() {
    for (unsigned slot = 0; slot < kMost; ++slot) {
        fail_at[slot] = 0;
        counters[slot] = 0;
    }
    any_struck = false;
}

unsigned calls(std::string_view call) { return counters[slot_of(call)].load(); }

std::map<std::string, unsigned> counts() {
    std::map<std::string, unsigned> result;
    for (unsigned slot = 0; slot < kMost; ++slot) {
        if (char const* const name = names[slot].load(); name != nullptr && counters[slot] != 0) result[name] = counters[slot];
    }
    return result;
}

bool struck() { return any_struck; }

unsigned fail_each_in_turn(std::string_view call, int error_number, std::function<void()> const& scenario,
                           std::function<void(unsigned nth)> const& check) {
    Scope const scope;
    scenario();
    auto const total = calls(call);
    for (unsigned nth = 1; nth <= total; ++nth) {
        reset();
        fail(call, nth, error_number);
        scenario();
        check(nth);
    }
    return total;
}

}  // namespace bus::test::fault

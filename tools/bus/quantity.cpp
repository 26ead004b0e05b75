// Times and sizes, read and shown. Decimal digits are kept as integers: no rounding on the way in.
#include "quantity.hpp"

#include <array>
#include <cstdio>
#include <limits>

namespace bus::tool {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};
constexpr std::array kTimes{Unit{"ns", 1},           Unit{"us", 1'000},         Unit{"ms", 1'000'000},     Unit{"s", kSecond},
                            Unit{"m", 60 * kSecond}, Unit{"min", 60 * kSecond}, Unit{"h", 3600 * kSecond}, Unit{"d", 86400 * kSecond},
                            Unit{"", kSecond}};
constexpr std::array kSizes{Unit{"", 1},          Unit{"B", 1},       Unit{"K", 1 << 10},   Unit{"KiB", 1 << 10},  Unit{"M", 1 << 20},
                            Unit{"MiB", 1 << 20}, Unit{"G", 1 << 30}, Unit{"GiB", 1 << 30}, Unit{"T", 1ULL << 40}, Unit{"TiB", 1ULL << 40}};

/// A decimal number and what follows it up to the next digit.
struct Term {
    std::uint64_t whole = 0;
    std::uint64_t fraction = 0;        // numerator ...
    std::uint64_t fraction_scale = 1;  // ... and a power of ten
    std::string_view unit;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool take_term(std::string_view& rest, Term& term) {
    std::size_t at = 0;
    for (; at < rest.size() && is_digit(rest[at]); ++at) {
        auto const digit = static_cast<std::uint64_t>(rest[at] - '0');
        if (term.whole > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return false;
        term.whole = term.whole * 10 + digit;
    }
    bool any = at > 0;
    if (at < rest.size() && rest[at] == '.') {
        for (++at; at < rest.size() && is_digit(rest[at]); ++at) {
            any = true;
            if (term.fraction_scale >= kSecond) continue;  // beyond a billionth
            term.fraction = term.fraction * 10 + static_cast<std::uint64_t>(rest[at] - '0');
            term.fraction_scale *= 10;
        }
    }
    auto const from = at;
    while (at < rest.size() && !is_digit(rest[at]) && rest[at] != '.') ++at;
    term.unit = rest.substr(from, at - from);
    rest.remove_prefix(at);
    return any;
}

template <std::size_t N>
std::uint64_t factor_of(std::array<Unit, N> const& units, std::string_view name) {
    for (auto const& unit : units) {
        if (unit.name == name) return unit.factor;
    }
    return 0;
}

/// The sum of the terms in the smallest unit; false where it is none or overflows `most`.
template <std::size_t N>
bool sum_terms(std::string_view text, std::array<Unit, N> const& units, std::uint64_t most, bool many, std::uint64_t& sum) {
    sum = 0;
    if (text.empty()) return false;
    for (bool first = true; !text.empty(); first = false) {
        Term term;
        if (!take_term(text, term)) return false;
        auto const factor = factor_of(units, term.unit);
        bool const bare = term.unit.empty();
        if (factor == 0 || (!first && (bare || !many)) || (bare && !text.empty())) return false;
        if (term.whole > most / factor) return false;
        auto const whole = term.whole * factor;
        auto const part = static_cast<std::uint64_t>(static_cast<long double>(term.fraction) * static_cast<long double>(factor) /
                                                     static_cast<long double>(term.fraction_scale));
        if (part > most - whole || whole + part > most - sum) return false;
        sum += whole + part;
    }
    return true;
}

std::string three_digits(double value) {
    std::array<char, 32> text{};
    int const decimals = value == 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    std::string shown = text.data();
    if (shown.find('.') != std::string::npos) {
        while (shown.back() == '0') shown.pop_back();
        if (shown.back() == '.') shown.pop_back();
    }
    return shown;
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    std::uint64_t sum = 0;
    if (!sum_terms(text, kTimes, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()), true, sum)) {
        return Error(Errc::invalid, "'" + std::string(text) + "' is no time", "write 500ms, 2s, 1m30s; a bare number is seconds");
    }
    return std::chrono::nanoseconds(static_cast<std::int64_t>(sum));
}

Result<std::uint64_t> parse_bytes(std::string_view text) {
    std::uint64_t sum = 0;
    if (!sum_terms(text, kSizes, std::numeric_limits<std::uint64_t>::max(), false, sum)) {
        return Error(Errc::invalid, "'" + std::string(text) + "' is no size", "write 4096, 64K, 6M, 1G");
    }
    return sum;
}

std::string show_duration(std::chrono::nanoseconds duration) {
    auto const ns = static_cast<double>(duration.count());
    if (ns < 0) return "-" + show_duration(-duration);
    if (ns < 1e3) return three_digits(ns) + " ns";
    if (ns < 1e6) return three_digits(ns / 1e3) + " us";
    if (ns < 1e9) return three_digits(ns / 1e6) + " ms";
    if (ns < 120e9) return three_digits(ns / 1e9) + " s";
    auto const minutes = static_cast<std::uint64_t>(ns / 60e9);
    if (minutes < 60) return std::to_string(minutes) + " min " + std::to_string(static_cast<std::uint64_t>(ns / 1e9) % 60) + " s";
    if (minutes < 48 * 60) return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
    return std::to_string(minutes / 1440) + " d " + std::to_string(minutes / 60 % 24) + " h";
}

std::string show_bytes(double bytes) {
    constexpr std::array kNames{"B", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < kNames.size(); ++unit) bytes /= 1024;
    return three_digits(bytes) + " " + kNames[unit];
}

std::string show_rate(double rate) { return three_digits(rate); }

}  // namespace bus::tool

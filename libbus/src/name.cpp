// Names and patterns, checked and matched part by part.
#include <bus/name.hpp>
#include <string>

namespace bus {

namespace {

bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

// Cuts the first part off `rest`; `more` says whether there was a slash behind it.
struct Part {
    std::string_view text, rest;
    bool more;
};
Part first_part(std::string_view path) noexcept {
    auto const slash = path.find('/');
    if (slash == path.npos) return {path, {}, false};
    return {path.substr(0, slash), path.substr(slash + 1), true};
}

// As people can read it in one line: other bytes as \xHH, long ones cut.
std::string quoted(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    constexpr std::size_t kLongest = 80;
    std::string out = "'";
    for (unsigned char const c : text.substr(0, kLongest)) {
        if (c >= 0x20 && c < 0x7f)
            out += static_cast<char>(c);
        else
            out.append({'\\', 'x', kDigits[c >> 4], kDigits[c & 15]});
    }
    return out + (text.size() > kLongest ? "...'" : "'");
}

Error invalid(std::string_view what, std::string_view text, std::string const& why) {
    return Error(Errc::invalid, std::string(what) + " " + quoted(text) + ": " + why,
                 "parts of letters, digits, '-', '_', '.', separated by '/': robot/arm-1/pose");
}

Result<void> check_part(std::string_view what, std::string_view whole, std::string_view part, bool wildcards) {
    if (part.empty()) return invalid(what, whole, "it has an empty part");
    if (wildcards && (part == "*" || part == "**")) return {};
    for (char const& c : part) {
        if (is_letter(c)) continue;
        auto const place = std::to_string(part.data() - whole.data() + (&c - part.data()) + 1);
        if (c == '*' && wildcards) return invalid(what, whole, "'*' must be a whole part (byte " + place + ")");
        return invalid(what, whole, quoted({&c, 1}) + " is not allowed (byte " + place + ")");
    }
    return {};
}

Result<void> check_path(std::string_view what, std::string_view path, bool wildcards, Reserved reserved) {
    if (path.empty()) return Error(Errc::invalid, std::string(what) + " is empty", "give it a name such as robot/pose");
    if (path.size() > kMaxNameBytes)
        return invalid(what, path, std::to_string(path.size()) + " bytes are more than " + std::to_string(kMaxNameBytes));
    auto inner = path;
    if (is_reserved(path)) {
        if (reserved == Reserved::refuse)
            return Error(Errc::invalid, std::string(what) + " " + quoted(path) + ": names that begin with $bus/ are the bus's own",
                         "choose another first part");
        inner.remove_prefix(kReservedPrefix.size());
    }
    for (Part part{{}, inner, true}; part.more;) {
        part = first_part(part.rest);
        if (auto checked = check_part(what, path, part.text, wildcards); !checked) return checked;
    }
    return {};
}

// The classic two pointers: after a mismatch the last `**` takes one part more.
bool matches_path(std::string_view pattern, std::string_view name) noexcept {
    struct Cursor {
        std::string_view rest;
        bool more;
    };
    Cursor p{pattern, true}, n{name, true}, retry_p{{}, false}, retry_n{{}, false};
    bool can_retry = false;
    while (n.more) {
        auto const wanted = p.more ? first_part(p.rest) : Part{{}, {}, false};
        auto const part = first_part(n.rest);
        if (p.more && wanted.text == "**") {
            p = retry_p = {wanted.rest, wanted.more};
            retry_n = n;
            can_retry = true;
        } else if (p.more && (wanted.text == "*" || wanted.text == part.text)) {
            p = {wanted.rest, wanted.more};
            n = {part.rest, part.more};
        } else if (can_retry) {
            auto const skipped = first_part(retry_n.rest);
            retry_n = n = {skipped.rest, skipped.more};
            p = retry_p;
        } else {
            return false;
        }
    }
    while (p.more) {
        auto const wanted = first_part(p.rest);
        if (wanted.text != "**") return false;
        p = {wanted.rest, wanted.more};
    }
    return true;
}

}  // namespace

Result<void> check_name(std::string_view name, Reserved reserved) {
    if (is_pattern(name)) return invalid("name", name, "'*' is for patterns");
    return check_path("name", name, false, reserved);
}

Result<void> check_pattern(std::string_view pattern) { return check_path("pattern", pattern, true, Reserved::allow); }

Result<void> check_bus_name(std::string_view name) {
    auto const wrong = [&](std::string const& why) {
        return Error(Errc::invalid, "bus name " + quoted(name) + ": " + why, "letters, digits, '-', '_', '.', at most 64 bytes");
    };
    if (name.empty()) return wrong("it is empty");
    if (name.size() > kMaxBusNameBytes) return wrong(std::to_string(name.size()) + " bytes are more than 64");
    if (name == "." || name == "..") return wrong("it is the name of a folder");
    for (char const& c : name)
        if (!is_letter(c)) return wrong(quoted({&c, 1}) + " is not allowed");
    return {};
}

bool is_pattern(std::string_view text) noexcept { return text.find('*') != text.npos; }

bool is_reserved(std::string_view name) noexcept { return name.starts_with(kReservedPrefix); }

bool matches(std::string_view pattern, std::string_view name) noexcept {
    if (is_reserved(pattern) != is_reserved(name)) return false;
    return matches_path(pattern, name);
}

}  // namespace bus

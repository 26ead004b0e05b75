// Errors on stderr.
#include "errors.hpp"

#include <unistd.h>

#include <cerrno>

#include "json_writer.hpp"

namespace bus::tool {
namespace {

constexpr int kUsage = -2;  // detail() of a usage error; no errno is negative

std::string_view name_of(SchemaDifference::Change::Verdict verdict) {
    switch (verdict) {
        case SchemaDifference::Change::Verdict::readable:
            return "readable";
        case SchemaDifference::Change::Verdict::lossy:
            return "lossy";
        case SchemaDifference::Change::Verdict::refused:
            return "refused";
    }
    return "unknown";
}

/// The library speaks to programs; this is what a user can do.
std::string hint_of(Error const& error) {
    return error == Errc::closed && error.hint().empty() ? "start the bus again: busd --detach" : error.hint();
}

}  // namespace

std::string error_json(Error const& error) {
    JsonWriter json;
    json.object().key("error").object();
    json.member("code", to_string(error.code())).member("what", error.what()).member("hint", hint_of(error));
    if (auto const* difference = error.schema_difference()) {
        json.key("schema_difference").object().member("ours", difference->ours).member("theirs", difference->theirs);
        json.member("text", difference->text()).key("changes").array();
        for (auto const& change : difference->changes) {
            json.object().member("verdict", name_of(change.verdict)).member("field", change.field);
            json.member("ours", change.ours).member("theirs", change.theirs).end_object();
        }
        json.end_array().end_object();
    }
    return json.end_object().end_object().take();
}

void print_error(Error const& error, bool json) {
    if (json) {
        write_words(error_json(error) + "\n");
        return;
    }
    auto what = error.what();
    if (what.empty()) what = to_string(error.code());
    auto text = "bus: " + printable(what) + "\n";
    if (auto const hint = hint_of(error); !hint.empty()) text += "     " + printable(hint) + "\n";
    write_words(text);
}

void write_words(std::string_view text) noexcept {
    while (!text.empty()) {
        auto const written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string printable(std::string_view text) {
    std::string shown;
    shown.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto const c = static_cast<unsigned char>(text[at]);
        bool const control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
        // U+0080 to U+009F, which are control characters too, in UTF-8.
        bool const c1 = c == 0xC2 && at + 1 < text.size() && (static_cast<unsigned char>(text[at + 1]) & 0xE0) == 0x80;
        shown += control || c1 ? '?' : text[at];
        if (c1) ++at;
    }
    return shown;
}

Error usage_error(std::string what, std::string hint) { return Error(Errc::invalid, std::move(what), std::move(hint), kUsage); }

bool is_usage_error(Error const& error) { return error == Errc::invalid && error.detail() == kUsage; }

}  // namespace bus::tool

// Errors and their texts.
#include <array>
#include <bus/error.hpp>
#include <optional>
#include <utility>

namespace bus {

namespace {

constexpr std::array<std::string_view, 18> kNames{
    "ok",        "timeout",     "would_block", "closed", "no_broker", "not_found", "not_permitted", "schema_mismatch", "full",
    "too_large", "server_gone", "lease_lost",  "limit",  "invalid",   "io",        "cancelled",     "conflict",        "failed"};

std::string_view verdict_name(SchemaDifference::Change::Verdict verdict) {
    using Verdict = SchemaDifference::Change::Verdict;
    switch (verdict) {
        case Verdict::readable:
            return "readable";
        case Verdict::lossy:
            return "lossy";
        case Verdict::refused:
            return "refused";
    }
    return "unknown";
}

std::string whole_text(Error const& error) {
    std::string text = error.what();
    if (auto const hint = error.hint(); !hint.empty()) text += " (" + hint + ")";
    return text;
}

}  // namespace

std::string_view to_string(Errc code) noexcept {
    auto const index = static_cast<std::size_t>(code);
    return index < kNames.size() ? kNames[index] : std::string_view("unknown");
}

struct Error::Text {
    std::string what, hint;
    int detail = 0;
    bool remote = false;
    std::optional<SchemaDifference> difference;
};

Error::Error(Errc code, std::string what, std::string hint, int detail)
    : text_(std::make_shared<Text const>(Text{std::move(what), std::move(hint), detail, false, {}})), code_(code) {}

Error::Error(std::string what, SchemaDifference difference, std::string hint) : code_(Errc::schema_mismatch) {
    what += "\n" + difference.text();
    text_ = std::make_shared<Text const>(Text{std::move(what), std::move(hint), 0, false, std::move(difference)});
}

Error Error::as_remote() const {
    Error copy(*this);
    auto text = text_ ? *text_ : Text{};
    text.remote = true;
    copy.text_ = std::make_shared<Text const>(std::move(text));
    return copy;
}

int Error::detail() const noexcept { return text_ ? text_->detail : 0; }

bool Error::remote() const noexcept { return text_ && text_->remote; }

std::string Error::what() const { return text_ && !text_->what.empty() ? text_->what : std::string(to_string(code_)); }

std::string Error::hint() const { return text_ ? text_->hint : std::string(); }

SchemaDifference const* Error::schema_difference() const noexcept { return text_ && text_->difference ? &*text_->difference : nullptr; }

Exception::Exception(Error error) : std::runtime_error(whole_text(error)), error_(std::make_shared<Error const>(std::move(error))) {}

Error const& Exception::error() const noexcept { return *error_; }

void throw_exception_from_error(Error const& error, boost::source_location const&) { throw Exception(error); }

std::string SchemaDifference::text() const {
    std::string text = "ours: " + ours + ", theirs: " + theirs;
    for (auto const wanted : {Change::Verdict::refused, Change::Verdict::lossy, Change::Verdict::readable})
        for (auto const& change : changes)
            if (change.verdict == wanted)
                text += "\n  " + std::string(verdict_name(wanted)) + ": " + change.field + ": ours " +
                        (change.ours.empty() ? "nothing" : change.ours) + ", theirs " + (change.theirs.empty() ? "nothing" : change.theirs);
    return text;
}

}  // namespace bus

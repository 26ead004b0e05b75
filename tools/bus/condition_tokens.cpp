// The words of a condition.
#include "condition_tokens.hpp"

#include <array>
#include <cctype>

#include "errors.hpp"

namespace bus::tool {
namespace {

using Kind = Token::Kind;

constexpr std::size_t kLongest = 4096;  // bytes of a condition

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool begins_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool continues_name(char c) { return begins_name(c) || is_digit(c) || c == '.' || c == '-'; }

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Result<Token> next() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
        if (at_ == text_.size()) return Token{Kind::end, {}, at_};
        auto const c = text_[at_];
        if (c == '\'' || c == '"') return quoted(c);
        if (is_digit(c) || (c == '-' && at_ + 1 < text_.size() && (is_digit(text_[at_ + 1]) || text_[at_ + 1] == '.'))) return number();
        if (begins_name(c)) return name();
        return sign();
    }

private:
    Result<Token> quoted(char quote) {
        Token token{Kind::text, {}, at_++};
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] == quote) {
                ++at_;
                return token;
            }
            // A backslash before anything but a quote or itself stays: regular expressions are full of them.
            if (text_[at_] == '\\' && at_ + 1 < text_.size() && (text_[at_ + 1] == quote || text_[at_ + 1] == '\\')) ++at_;
            token.text += text_[at_];
        }
        return condition_error(text_, token.at, "a text without its closing quote");
    }

    Result<Token> number() {
        Token token{Kind::number, {}, at_};
        token.text += text_[at_++];
        while (at_ < text_.size()) {
            auto const c = text_[at_];
            auto const after_exponent = (c == '+' || c == '-') && (token.text.back() == 'e' || token.text.back() == 'E');
            if (!is_digit(c) && c != '.' && c != 'e' && c != 'E' && !after_exponent) break;
            token.text += c;
            ++at_;
        }
        return token;
    }

    Result<Token> name() {
        Token token{Kind::name, {}, at_};
        while (at_ < text_.size() && continues_name(text_[at_])) token.text += text_[at_++];
        if (token.text == "and") return Token{Kind::sign, "&&", token.at};
        if (token.text == "or") return Token{Kind::sign, "||", token.at};
        if (token.text == "not") return Token{Kind::sign, "!", token.at};
        return token;
    }

    Result<Token> sign() {
        static constexpr std::array<std::string_view, 14> kSigns{"==", "!=", "<=", ">=", "=~", "!~", "&&",
                                                                 "||", "<",  ">",  "!",  "(",  ")",  "="};
        auto const rest = text_.substr(at_);
        for (auto const sign : kSigns) {
            if (!rest.starts_with(sign)) continue;
            Token token{Kind::sign, std::string(sign == "=" ? "==" : sign), at_};
            at_ += sign.size();
            return token;
        }
        return condition_error(text_, at_, std::string("'") + text_[at_] + "' means nothing here");
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> tokens_of(std::string_view condition) {
    if (condition.size() > kLongest)
        return usage_error("--where: a condition of " + std::to_string(condition.size()) + " bytes; at most " + std::to_string(kLongest),
                           "write a shorter one, or use --json and jq");
    std::vector<Token> tokens;
    Lexer lexer(condition);
    do {
        auto token = lexer.next();
        if (!token) return token.error();
        tokens.push_back(std::move(*token));
    } while (tokens.back().kind != Kind::end);
    return tokens;
}

Error condition_error(std::string_view condition, std::size_t at, std::string const& what) {
    auto const shown = condition.size() <= 60 ? "'" + std::string(condition) + "'" : "'" + std::string(condition.substr(0, 57)) + "...'";
    return usage_error("--where " + shown + ": at character " + std::to_string(at + 1) + ": " + what, "bus help conditions");
}

}  // namespace bus::tool

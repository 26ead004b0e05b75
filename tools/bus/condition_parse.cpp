// A condition, read: a parser that goes down one level a rule.
#include <charconv>

#include "condition_node.hpp"
#include "condition_tokens.hpp"

namespace bus::tool {
namespace {

using Node = Condition::Node;
using NodePtr = std::shared_ptr<Node const>;
using Kind = Token::Kind;

constexpr int kDeepest = 64;
constexpr std::int64_t kExpressionBytes = 1 << 20;  // of a compiled regular expression: RE2 refuses larger ones

class Parser {
public:
    Parser(std::string_view text, std::vector<Token> tokens) : text_(text), tokens_(std::move(tokens)) {}

    Result<NodePtr> whole() {
        auto node = any_of();
        if (!node) return node;
        if (here().kind != Kind::end) return wrong("'" + here().text + "' was not expected here");
        return node;
    }

private:
    Token const& here() const { return tokens_[at_]; }
    bool take(std::string_view sign) {
        if (here().kind != Kind::sign || here().text != sign) return false;
        ++at_;
        return true;
    }
    Error wrong(std::string const& what) const { return condition_error(text_, here().at, what); }
    static NodePtr made(Node node) { return std::make_shared<Node const>(std::move(node)); }

    Result<NodePtr> any_of() { return list("||", Node::Kind::any_of, &Parser::all_of); }
    Result<NodePtr> all_of() { return list("&&", Node::Kind::all_of, &Parser::negation); }

    Result<NodePtr> list(std::string_view sign, Node::Kind kind, Result<NodePtr> (Parser::*part)()) {
        Node node{.kind = kind};
        do {
            auto one = (this->*part)();
            if (!one) return one;
            node.parts.push_back(std::move(*one));
        } while (take(sign));
        return node.parts.size() == 1 ? node.parts.front() : made(std::move(node));
    }

    Result<NodePtr> negation() {
        if (!take("!")) return primary();
        if (++depth_ > kDeepest) return wrong("it is more than 64 levels deep");
        auto inner = negation();
        --depth_;
        if (!inner) return inner;
        return made({.kind = Node::Kind::negation, .parts = {std::move(*inner)}});
    }

    Result<NodePtr> primary() {
        if (!take("(")) return comparison();
        if (++depth_ > kDeepest) return wrong("it is more than 64 levels deep");
        auto inner = any_of();
        --depth_;
        if (inner && !take(")")) return wrong("a closing parenthesis is missing");
        return inner;
    }

    Result<NodePtr> comparison() {
        auto left = operand();
        if (!left) return left.error();
        Node node{.kind = Node::Kind::lone, .left = std::move(*left)};
        if (here().kind != Kind::sign || here().text == "&&" || here().text == "||" || here().text == ")") return lone(std::move(node));
        node.kind = Node::Kind::comparison;
        node.sign = here().text;
        if (node.sign == "(" || node.sign == "!") return wrong("'" + node.sign + "' was not expected here");
        ++at_;
        auto const at = here().at;
        auto right = operand();
        if (!right) return right.error();
        node.right = std::move(*right);
        if (node.sign == "=~" || node.sign == "!~") {
            if (auto good = compile(node, at); !good) return good.error();
        }
        return made(std::move(node));
    }

    Result<NodePtr> lone(Node node) const {
        if (node.left.kind == Operand::Kind::constant || node.left.kind == Operand::Kind::size)
            return condition_error(text_, node.left.at, "a comparison is missing");
        return made(std::move(node));
    }

    Result<void> compile(Node& node, std::size_t at) const {
        auto const* const text = std::get_if<std::string>(&node.right.constant);
        if (node.right.kind != Operand::Kind::constant || text == nullptr)
            return condition_error(text_, at, "a regular expression in quotes is wanted behind " + node.sign);
        RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(kExpressionBytes);
        auto expression = std::make_shared<RE2 const>(*text, options);
        if (!expression->ok()) return condition_error(text_, at, "the regular expression: " + expression->error());
        node.expression = std::move(expression);
        return {};
    }

    Result<Operand> operand() {
        auto const token = here();
        if (token.kind == Kind::text || token.kind == Kind::number || token.kind == Kind::name) ++at_;
        switch (token.kind) {
            case Kind::text:
                return Operand{.constant = token.text, .at = token.at};
            case Kind::number:
                return number(token);
            case Kind::name:
                return named(token);
            case Kind::sign:
            case Kind::end:
                break;
        }
        return wrong(token.kind == Kind::end ? "it ends too early: a field or a value is missing"
                                             : "a field or a value is wanted, not '" + token.text + "'");
    }

    Result<Operand> named(Token const& token) {
        if (token.text == "true" || token.text == "false") return Operand{.constant = token.text == "true", .at = token.at};
        if ((token.text == "size" || token.text == "has") && take("(")) {
            auto const field = here();
            if (field.kind != Kind::name) return wrong("a field is wanted in " + token.text + "()");
            ++at_;
            if (!take(")")) return wrong("a closing parenthesis is missing");
            return Operand{
                .kind = token.text == "size" ? Operand::Kind::size : Operand::Kind::has, .path = field_path(field.text), .at = field.at};
        }
        return Operand{.kind = Operand::Kind::field, .path = field_path(token.text), .name = token.text, .at = token.at};
    }

    Result<Operand> number(Token const& token) const {
        auto const* const begin = token.text.data();
        auto const* const end = begin + token.text.size();
        auto const read_into = [&](auto& value) {
            auto const read = std::from_chars(begin, end, value);
            return read.ec == std::errc() && read.ptr == end;
        };
        std::int64_t whole = 0;
        std::uint64_t large = 0;
        double real = 0;
        if (read_into(whole)) return Operand{.constant = whole, .at = token.at};
        if (read_into(large)) return Operand{.constant = large, .at = token.at};
        if (read_into(real)) return Operand{.constant = real, .at = token.at};
        return condition_error(text_, token.at, "'" + token.text + "' is no number");
    }

    std::string_view text_;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    int depth_ = 0;
};

}  // namespace

Result<Condition> Condition::parse(std::string_view text) {
    auto tokens = tokens_of(text);
    if (!tokens) return tokens.error();
    auto root = Parser(text, std::move(*tokens)).whole();
    if (!root) return root.error();
    return Condition(std::string(text), std::move(*root));
}

}  // namespace bus::tool

// bus topic pub: messages from the command line, or from standard input.
#include <algorithm>
#include <map>

#include "connect.hpp"
#include "errors.hpp"
#include "input.hpp"
#include "interrupt.hpp"
#include "json_read.hpp"
#include "json_writer.hpp"
#include "progress.hpp"
#include "quantity.hpp"
#include "selection.hpp"
#include "topic_publisher.hpp"
#include "verbs.hpp"
#include "waiting.hpp"

namespace bus::tool {
namespace {

constexpr Duration kForEver = std::chrono::hours(24 * 365);

class TopicPub final : public Verb {
public:
    void declare(OptionSet& options) override {
        options.text("TOPIC", topic_, "The topic; with --stdin, where the lines don't say it", Need::optional, "TOPIC");
        options.text("MESSAGE", message_, "The message as JSON, with the field names of the .proto; '-' is --stdin");
        options.text("--type", choice_.type, "Full name of the type, for the first publisher: nav.Pose; 'bytes' for none", Need::optional,
                     "TYPE");
        options.text("--proto", choice_.proto, "The .proto file that defines it", Need::optional, "FILE");
        options.count("-n,--count", count_, "Publish N messages");
        options.rate("-r,--rate", rate_, "Messages a second; without -n or --stdin until stopped");
        options.flag("--once", once_, "Publish one message (as without -n and -r)");
        options.count("-w,--wait", wait_, "First wait for N subscribers, observers included");
        options.flag("--stdin", stdin_, "Take messages from standard input: lines as `topic echo --json` writes them, or bare messages");
        options.flag("--bare", bare_, "Each line is a bare message, whatever it looks like");
        options.flag_with_value("--raw", raw_, "plain", {"plain", "delimited"},
                                "Standard input is one serialized message; --raw=delimited: many, each with its length before it");
        options.bytes("--ring", ring_bytes_, "Size of the ring; 1M, or what the message needs");
        options.flag("--retain", retain_, "Keep the last message, or the last --history ones, for those who come later");
        options.count("--history", history_, "With --retain: how many are kept; else: how many latecomers may ask for");
        options.exclusive("--once", "--count");
        options.exclusive("--once", "--rate");
    }

    Result<ExitStatus> run(Context& context) override {
        if (auto good = check(); !good) return good.error();
        auto bus = connect(context);
        if (!bus) return bus.error();
        InterruptsConnection const interrupts(*bus);
        auto done = publish(*bus, context);
        bool const stopped = !done && done.error() == Errc::cancelled;
        if (!done && !stopped) return done.error();
        if (done || until_stopped()) done = finish(context);
        if (!done && done.error() == Errc::cancelled && until_stopped()) done = Result<void>();
        if (stopped) tell_how_many(context);
        if (context.json && (done || stopped)) {
            if (auto written = context.out.write(as_json()); !written) return written.error();
        }
        if (!done) return done.error();
        return ExitStatus::done;
    }

private:
    Result<void> check() {
        if (topic_ == "-" && message_.empty()) {
            stdin_ = true;
            topic_.clear();
        }
        if (message_ == "-") {
            stdin_ = true;
            message_.clear();
        }
        stdin_ = stdin_ || !raw_.empty();
        if (stdin_ && !message_.empty()) return usage_error("a message and --stdin can't be had together", "leave one out");
        if (topic_.empty() && (!stdin_ || !raw_.empty()))
            return usage_error("bus topic pub wants a TOPIC", "bus topic pub robot/pose '{\"x\":1}'");
        if (!stdin_ && message_.empty()) return usage_error("bus topic pub wants a MESSAGE", "give it as JSON, or --stdin");
        if (!choice_.proto.empty() && choice_.type.empty())
            return usage_error("--proto wants --type", "--type nav.Pose --proto " + choice_.proto);
        if (!topic_.empty()) {
            if (auto good = check_topic_name(topic_); !good) return good;
        }
        if (once_ || (!stdin_ && !count_ && !rate_)) count_ = 1;
        return {};
    }

    /// SIGINT is the ordinary end of what has none of its own.
    bool until_stopped() const noexcept { return rate_ && !count_ && !stdin_; }

    Result<void> publish(Connection& bus, Context& context) {
        if (raw_ == "plain") return publish_all_of_stdin(bus, context);
        Input input(context.out, bus);
        Progress progress(context);
        auto next = std::chrono::steady_clock::now();
        for (std::uint64_t number = 1; !count_ || number <= *count_; ++number) {
            auto const more = publish_one(bus, context, input, number);
            if (!more) return more.error();
            if (!*more) break;
            if (interrupted()) return Errc::cancelled;
            if (!until_stopped()) progress.update([&] { return published_words(number); });
            if (!rate_ || (count_ && number == *count_)) continue;
            next += std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / *rate_));
            if (auto slept = sleep_until(context.out, next); !slept) return slept;
        }
        return {};
    }

    void tell_how_many(Context const& context) const {
        for (auto const& [topic, publisher] : publishers_)
            context.note(std::to_string(publisher->published()) + " messages published on '" + topic + "'");
    }

    std::string published_words(std::uint64_t number) const {
        return std::to_string(number) + (count_ ? " of " + std::to_string(*count_) : std::string()) + " messages published";
    }

    /// False: standard input has ended.
    Result<bool> publish_one(Connection& bus, Context& context, Input& input, std::uint64_t number) {
        if (!stdin_)
            return done(with_publisher(bus, context, topic_, choice_, message_.size(), [&](auto& p) { return p.publish_json(message_); }));
        if (raw_ == "delimited") {
            auto const bytes = input.delimited();
            if (!bytes) return bytes.error();
            if (!*bytes) return false;
            return done(with_publisher(bus, context, topic_, choice_, (*bytes)->size(), [&](auto& p) { return p.publish_bytes(**bytes); }));
        }
        auto const line = input.line();
        if (!line) return line.error();
        if (!*line) return false;
        if ((*line)->find_first_not_of(" \t\r") == std::string::npos) return true;
        auto const published = publish_line(bus, context, **line);
        if (published || published.error().what().empty()) return done(published);
        auto const& error = published.error();
        return Error(error.code(), "line " + std::to_string(number) + " of standard input: " + error.what(), error.hint(),
                     number > 1 && is_usage_error(error) ? 0 : error.detail());  // 2: nothing was done
    }

    Result<void> publish_line(Connection& bus, Context& context, std::string const& line) {
        auto const read = read_publish_line(line, bare_);
        if (!read) return read.error();
        auto const& topic = topic_.empty() ? read->topic : topic_;
        if (topic.empty()) return usage_error("it does not say its topic", "bus topic pub TOPIC --stdin");
        if (auto good = check_topic_name(topic); !good) return good;
        auto choice = choice_;
        (topic_.empty() && choice.type.empty() ? choice.type : choice.otherwise) = read->type;
        return with_publisher(bus, context, topic, choice, line.size(), [&](auto& p) { return p.publish_json(read->message); });
    }

    Result<void> publish_all_of_stdin(Connection& bus, Context& context) {
        auto const bytes = Input(context.out, bus).all();
        if (!bytes) return bytes.error();
        return with_publisher(bus, context, topic_, choice_, bytes->size(), [&](auto& p) { return p.publish_bytes(*bytes); });
    }

    static Result<bool> done(Result<void> const& published) { return published ? Result<bool>(true) : published.error(); }

    /// The publisher of the topic, made at its first message and with its subscribers there.
    template <class F>
    Result<void> with_publisher(Connection& bus, Context& context, std::string const& topic, TypeChoice const& choice, std::size_t bytes,
                                F&& f) {
        auto found = publishers_.find(topic);
        if (found == publishers_.end()) {
            PublisherOptions options;
            options.ring_bytes = ring_bytes_ ? static_cast<std::size_t>(*ring_bytes_) : std::max(options.ring_bytes, bytes * 8);
            options.wait_for = context.timeout.value_or(kForEver);
            options.retain = retain_;
            options.history = static_cast<std::size_t>(history_.value_or(retain_ ? 1 : 0));
            auto made = TopicPublisher::open(bus, topic, choice, options, context);
            if (!made) return made.error();
            if (wait_) {
                if (auto there =
                        (*made)->wait_for_subscribers(context, static_cast<std::size_t>(*wait_), context.timeout.value_or(kForEver));
                    !there)
                    return there;
            }
            found = publishers_.emplace(topic, std::move(*made)).first;
        }
        return f(*found->second);
    }

    /// The timeout counts anew: publishing itself may have taken as long as it was told to.
    Result<void> finish(Context& context) {
        auto const deadline = context.timeout ? deadline_in(*context.timeout) : Deadline::max();
        for (auto const& [topic, publisher] : publishers_) {
            if (auto read = publisher->wait_until_read(context, deadline); !read) return read;
            context.detail(std::to_string(publisher->published()) + " published on '" + topic + "'");
            if (publisher->audience() == 0) context.note("nobody subscribes to '" + topic + "'");
        }
        return {};
    }

    std::string as_json() const {
        JsonWriter json;
        json.object().key("topics").array();
        for (auto const& [topic, publisher] : publishers_) {
            json.object().member("topic", topic).member("publisher", publisher->id()).member("published", publisher->published());
            json.member("subscribers", publisher->audience()).end_object();
        }
        return json.end_array().end_object().take() + "\n";
    }

    std::string topic_, message_, raw_;
    TypeChoice choice_;
    std::optional<std::uint64_t> count_, wait_, ring_bytes_, history_;
    std::optional<double> rate_;
    bool once_ = false, stdin_ = false, bare_ = false, retain_ = false;
    std::map<std::string, std::unique_ptr<TopicPublisher>> publishers_;
};

}  // namespace

VerbEntry const kTopicPub{"topic",
                          "pub",
                          "Publishes messages",
                          "The type is what the bus says of the topic; the first publisher gives --type and --proto.\n"
                          "Ends when all who were there have the messages; -t is the longest wait for that and for -w.",
                          make_verb<TopicPub>,
                          "  bus topic pub robot/pose '{\"x\":1}' --type nav.Pose --proto pose.proto\n"
                          "  bus topic pub robot/pose '{\"x\":1}' -r 10\n"
                          "  bus topic pub settings/speed '{\"value\":3}' --retain\n"
                          "  bus topic echo robot/pose --json | bus topic pub robot/copy -"};

}  // namespace bus::tool

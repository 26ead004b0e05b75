// The processes that are walked. Each waits for a line, says mark(1), does one thing of the public face, says mark(2), tells what came, and
// says mark(3).
#include "support/on_bus.hpp"
#include "support/stepper.hpp"
#include "support/test_ring.hpp"

using namespace std::chrono_literals;

namespace bus::test {

namespace {

std::vector<std::string> words_of(std::string const& line) {
    std::vector<std::string> words;
    for (std::size_t at = 0; at < line.size();) {
        auto const end = std::min(line.find(' ', at), line.size());
        words.push_back(line.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

std::string told(Result<std::uint64_t> const& result) {
    return result ? std::to_string(*result) : result.error() == Errc::would_block ? "refused" : "error " + result.error().what();
}

PublisherOptions options_of(Role const& role) {
    return {.ring_bytes = std::stoul(role.args().at(3)), .retain = role.number(4) != 0, .when_full = WhenFull::refuse};
}

/// Says it and stops at mark 3, where the test can read it.
void answer(Role& role, std::string const& text) {
    role.say(text);
    mark(3);
}

/// Publishes message_of(sequence, bytes), in one of the ways there are.
Result<std::uint64_t> publish_bytes(Publisher<Bytes>& out, std::string const& how, std::uint64_t sequence, std::size_t bytes) {
    auto const payload = message_of(sequence, bytes);
    std::span<std::byte const> const span(payload);
    Result<std::uint64_t> result = Errc::invalid;
    if (how == "loan") {
        mark(1);
        if (auto loan = out.loan(bytes)) {
            std::memcpy(loan->bytes().data(), payload.data(), bytes);
            result = loan->publish(bytes);
        } else {
            result = loan.error();
        }
        mark(2);
    } else if (how == "batch") {
        auto const second = message_of(sequence + 1, bytes), third = message_of(sequence + 2, bytes);
        std::array<Bytes, 3> const batch{Bytes(span), Bytes(std::span(second)), Bytes(std::span(third))};
        mark(1);
        result = out.publish_batch(batch);
        mark(2);
    } else if (how == "origin") {
        PublishOptions const options{.origin = Origin{.publisher = 7, .sequence = sequence, .sent = {}, .host = "elsewhere"}};
        mark(1);
        result = out.publish(span, options);
        mark(2);
    } else {
        mark(1);
        result = out.publish(span);
        mark(2);
    }
    return result;
}

/// Publishes content(sequence, bytes), by protobuf.
Result<std::uint64_t> publish_message(Publisher<Text>& out, std::string const&, std::uint64_t sequence, std::size_t bytes) {
    Text message;
    message.set_value(content(sequence, bytes));
    mark(1);
    auto const result = out.publish(message);
    mark(2);
    return result;
}

/// Arguments: topic, bytes of the ring, whether it is retained (0, 1). Lines: "HOW SEQUENCE BYTES"; "wait N": until it has N readers.
template <class Message, class Publish>
int publish_as_told(Role& role, Publish publish) {
    auto bus = connect(role, "stepped");
    auto out = bus.publisher<Message>(role.args().at(2), options_of(role)).value();
    answer(role, "ready");
    while (auto const line = role.hear()) {
        auto const words = words_of(*line);
        if (words.at(0) == "wait") {
            out.wait_for_subscribers(std::stoul(words.at(1)), patience()).value();
            answer(role, "there");
        } else {
            answer(role, told(publish(out, words.at(0), std::stoull(words.at(1)), std::stoul(words.at(2)))));
        }
    }
    return 0;
}

}  // namespace

BUS_TEST_ROLE(bytes_publisher) { return publish_as_told<Bytes>(role, publish_bytes); }
BUS_TEST_ROLE(message_publisher) { return publish_as_told<Text>(role, publish_message); }

// Arguments: topic, reliable (0, 1). Line "take": one message taken, mark 2, looked at, mark 4, given back, mark 5. Answers "SEQUENCE LOST
// BYTES whole|torn" or "nothing". "wait" sleeps until there is one; "doze" says "dozes" before that. Line "join": a subscriber made anew;
// "leave": destroyed.
BUS_TEST_ROLE(receiver) {
    auto bus = connect(role, "stepped");
    bool const reliable = role.number(3) != 0;
    auto const subscribe = [&] { return bus.subscriber<Bytes>(role.args().at(2), {.reliable = reliable, .spin = 0s}); };
    std::optional<Subscriber<Bytes>> in;
    answer(role, "ready");
    while (auto const line = role.hear()) {
        std::string result = "done";
        if (*line == "join") {
            mark(1);
            in = subscribe().value();
            mark(2);
        } else if (*line == "leave") {
            in.reset();
        } else {
            bool const waits = *line == "wait" || *line == "doze";
            if (*line == "doze") role.say("dozes");
            mark(1);
            auto sample = waits ? in->receive_for(patience()) : in->try_receive();
            mark(2);
            if (sample) {
                auto const& info = sample->info();
                result = std::to_string(info.sequence) + " " + std::to_string(info.lost_before) + " " +
                         std::to_string(sample->bytes().size()) + (is_message(sample->bytes(), info.sequence) ? " whole" : " torn");
                mark(4);
                { auto const over = std::move(*sample); }
                mark(5);
            } else {
                result = sample.error() == Errc::would_block ? "nothing"
                         : sample.error() == Errc::timeout   ? "timeout"
                                                             : sample.error().what();
            }
        }
        answer(role, result);
    }
    return 0;
}

}  // namespace bus::test

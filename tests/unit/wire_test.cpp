// Frames, reassembly, typed messages: also of what nobody should have sent.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <random>

#include "sys/ipc_key.hpp"
#include "wire/control.hpp"

namespace bus::wire {
namespace {

std::vector<std::byte> frame_of(Fragments const& fragments, std::size_t part) {
    std::array<std::byte, kMaxFrameBytes> buffer;
    auto const bytes = fragments.frame(part, buffer);
    return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> raw_frame(FrameHead const& head, std::size_t payload_bytes) {
    std::vector<std::byte> bytes(sizeof head + payload_bytes, std::byte{'x'});
    std::memcpy(bytes.data(), &head, sizeof head);
    return bytes;
}

std::string text_of_bytes(std::size_t bytes) {
    std::string text(bytes, '\0');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
    return text;
}

TEST(Frame, KeepsHeadAndPayload) {
    auto const fragments = Fragments::cut(7, 8, "hello").value();
    EXPECT_EQ(fragments.parts(), 1u);
    auto const bytes = frame_of(fragments, 0);
    auto const frame = parse_frame(bytes).value();
    EXPECT_EQ(frame.head.session_id, 7u);
    EXPECT_EQ(frame.head.number, 8u);
    EXPECT_EQ(std::string(reinterpret_cast<char const*>(frame.payload.data()), frame.payload.size()), "hello");
}

TEST(Frame, AnyLengthComesBackWhole) {
    for (std::size_t const bytes : {std::size_t{0}, std::size_t{1}, kMaxPayloadBytes - 1, kMaxPayloadBytes, kMaxPayloadBytes + 1,
                                    3 * kMaxPayloadBytes, kMaxMessageBytes}) {
        auto const text = text_of_bytes(bytes);
        auto const fragments = Fragments::cut(1, 2, text).value();
        Reassembly parts;
        std::optional<std::string> whole;
        for (std::size_t part = 0; part < fragments.parts(); ++part) {
            EXPECT_FALSE(whole) << bytes;
            auto const frame = frame_of(fragments, part);
            EXPECT_LE(frame.size(), kMaxFrameBytes);
            whole = parts.add(parse_frame(frame).value()).value();
        }
        ASSERT_TRUE(whole) << bytes;
        EXPECT_EQ(*whole, text);
        EXPECT_EQ(parts.held_bytes(), 0u);
    }
}

TEST(Frame, RefusesAMessageThatIsTooLong) {
    EXPECT_EQ(Fragments::cut(1, 1, std::string(kMaxMessageBytes + 1, 'x')).error(), Errc::too_large);
}

TEST(Frame, RefusesHeadsThatCannotBe) {
    auto const refused = [](FrameHead const& head, std::size_t payload) {
        return parse_frame(raw_frame(head, payload)).error() == Errc::invalid;
    };
    EXPECT_EQ(parse_frame(std::vector<std::byte>(sizeof(FrameHead) - 1)).error(), Errc::invalid);
    EXPECT_EQ(parse_frame({}).error(), Errc::invalid);
    EXPECT_TRUE(refused({1, 1, 5, 0, 0}, 5));                     // no parts
    EXPECT_TRUE(refused({1, 1, 5, 1, 1}, 5));                     // part beyond the last
    EXPECT_TRUE(refused({1, 1, 5, 0, 1}, 4));                     // too short
    EXPECT_TRUE(refused({1, 1, 5, 0, 1}, 6));                     // too long
    EXPECT_TRUE(refused({1, 1, kMaxMessageBytes + 1, 0, 2}, 5));  // too many bytes
    EXPECT_TRUE(refused({1, 1, 100, 0, kMaxParts + 1}, 5));       // too many parts
    EXPECT_TRUE(refused({1, 1, 100, 0, 2}, 0));                   // an empty part
    EXPECT_TRUE(refused({1, 1, ~std::uint32_t{0}, 0xFFFF, 0xFFFF}, 5));
    EXPECT_FALSE(refused({1, 1, 5, 0, 1}, 5));
}

TEST(Reassembly, DropsAMessageWhosePartIsMissingAndTakesTheNext) {
    auto const lost = Fragments::cut(1, 1, text_of_bytes(3 * kMaxPayloadBytes)).value();
    auto const next = Fragments::cut(1, 2, "next").value();
    Reassembly parts;
    EXPECT_FALSE(parts.add(parse_frame(frame_of(lost, 0)).value()).value());
    EXPECT_EQ(parts.add(parse_frame(frame_of(lost, 2)).value()).error(), Errc::invalid);
    EXPECT_EQ(parts.held_bytes(), 0u);
    EXPECT_EQ(parts.add(parse_frame(frame_of(lost, 1)).value()).error(), Errc::invalid);
    EXPECT_EQ(parts.add(parse_frame(frame_of(next, 0)).value()).value(), "next");
}

TEST(Reassembly, MixesNoTwoMessages) {
    auto const one = Fragments::cut(1, 1, text_of_bytes(2 * kMaxPayloadBytes)).value();
    auto const other = Fragments::cut(1, 2, text_of_bytes(2 * kMaxPayloadBytes)).value();
    Reassembly parts;
    EXPECT_FALSE(parts.add(parse_frame(frame_of(one, 0)).value()).value());
    EXPECT_EQ(parts.add(parse_frame(frame_of(other, 1)).value()).error(), Errc::invalid);
}

TEST(Reassembly, RefusesPartsThatDoNotAddUp) {
    Reassembly parts;
    EXPECT_FALSE(parts.add(parse_frame(raw_frame({1, 1, 10, 0, 2}, 6)).value()).value());
    EXPECT_EQ(parts.add(parse_frame(raw_frame({1, 1, 10, 1, 2}, 5)).value()).error(), Errc::invalid);  // 11
    EXPECT_FALSE(parts.add(parse_frame(raw_frame({1, 1, 10, 0, 2}, 6)).value()).value());
    EXPECT_EQ(parts.add(parse_frame(raw_frame({1, 1, 10, 1, 2}, 3)).value()).error(), Errc::invalid);  // 9
}

TEST(Reassembly, NeverHoldsMoreThanAMessageMayHave) {
    std::mt19937_64 random(42);
    Reassembly parts;
    for (int i = 0; i < 20'000; ++i) {
        FrameHead head{1, 1, 0, 0, 0};
        head.bytes = static_cast<std::uint32_t>(random() % (kMaxMessageBytes + 100));
        head.parts = static_cast<std::uint16_t>(random() % (kMaxParts + 2));
        head.part = static_cast<std::uint16_t>(random() % 4);
        auto const bytes = raw_frame(head, random() % kMaxPayloadBytes);
        auto const frame = parse_frame(bytes);  // its payload lies in `bytes`
        if (frame) (void)parts.add(*frame);
        ASSERT_LE(parts.held_bytes(), kMaxMessageBytes);
    }
}

TEST(Control, OffersAndAnswersNeverShareAType) {
    EXPECT_GT(offer_type(0), 0);
    EXPECT_GT(offer_type(~std::uint64_t{0}), 0);
    EXPECT_NE(offer_type(0x4000'0000'0000'0005), answer_type(5));
    EXPECT_LE(offer_type(~std::uint64_t{0}), -kAnyOffer);
    EXPECT_GT(answer_type(0), -kAnyOffer);
}

TEST(Control, RefusesBytesThatAreNoMessage) {
    EXPECT_EQ(parse_request(std::string(100, '\xFF')).error(), Errc::invalid);
    auto const fragments = Fragments::cut(0, 0, std::string(50, '\xFF')).value();
    auto const bytes = frame_of(fragments, 0);
    EXPECT_EQ(parse_hello(parse_frame(bytes).value()).error(), Errc::invalid);
}

TEST(Control, AnErrorSurvivesTheWay) {
    v1::Failure failure;
    to_failure(Error(Errc::limit, "what", "hint", 28), failure);
    auto const error = from_failure(failure);
    EXPECT_EQ(error, Errc::limit);
    EXPECT_EQ(error.what(), "what");
    EXPECT_EQ(error.hint(), "hint");
    EXPECT_EQ(error.detail(), 28);
    failure.set_code(4711);
    EXPECT_EQ(from_failure(failure), Errc::failed);
    failure.set_code(0);
    EXPECT_EQ(from_failure(failure), Errc::failed);
}

TEST(Control, ASchemaDifferenceSurvivesTheWay) {
    using Verdict = SchemaDifference::Change::Verdict;
    Error const said("they differ:", SchemaDifference{"a.Ours", "a.Theirs", {{Verdict::lossy, "x", "int64 x = 1", "int32 x = 1"}}}, "hint");
    v1::Failure failure;
    to_failure(said, failure);
    auto const heard = from_failure(failure);
    EXPECT_EQ(heard.what(), said.what()) << "its text is in it once";
    ASSERT_NE(heard.schema_difference(), nullptr);
    EXPECT_EQ(heard.schema_difference()->changes.at(0).verdict, Verdict::lossy);
    EXPECT_EQ(heard.schema_difference()->text(), said.schema_difference()->text());
    failure.mutable_difference()->mutable_changes(0)->set_verdict(77);
    EXPECT_EQ(from_failure(failure).schema_difference()->changes.at(0).verdict, Verdict::refused);
}

TEST(Mail, GoesOnWhereAFullQueueStoppedIt) {
    auto queue = sys::OwnedQueue::create(sys::random_key().value(), 0600).value();
    v1::Answer answer;
    answer.set_session_id(9);
    answer.set_number(3);
    answer.mutable_failure()->set_what(std::string(100'000, 'w'));
    auto mail = mail_of(answer, 5).value();
    Reassembly parts;
    int rounds = 0;
    for (;; ++rounds) {
        auto const sent = mail.try_send(queue.get());
        if (!sent) {
            ASSERT_EQ(sent.error(), Errc::would_block);
            EXPECT_TRUE(mail.begun());
            EXPECT_FALSE(mail.sent());
        }
        auto const received = try_receive_answer(queue.get(), 5, parts);
        if (received) {
            EXPECT_TRUE(mail.sent());
            EXPECT_EQ(received->number(), 3u);
            EXPECT_EQ(received->failure().what().size(), 100'000u);
            break;
        }
        ASSERT_EQ(received.error(), Errc::would_block);
    }
    EXPECT_GT(rounds, 1);
}

TEST(Mail, LeavesTheAnswersOfOthersAlone) {
    auto queue = sys::OwnedQueue::create(sys::random_key().value(), 0600).value();
    v1::Answer answer;
    answer.set_number(1);
    ASSERT_TRUE(mail_of(answer, 5).value().try_send(queue.get()));
    Reassembly parts;
    EXPECT_EQ(try_receive_answer(queue.get(), 6, parts).error(), Errc::would_block);
    EXPECT_EQ(try_receive_offer(queue.get(), 5).error(), Errc::would_block);
    EXPECT_TRUE(try_receive_answer(queue.get(), 5, parts));
}

}  // namespace
}  // namespace bus::wire

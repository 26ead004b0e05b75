// What publishing and receiving one message take in machine instructions: to be run by tests/bench/counts, under callgrind.
//
// callgrind counts only inside of the functions named counted_...: each does one thing once (the batch: 16 times). Messages are received as
// they come, one publish, one receive; so none of the two finds a warm way through a heap of work. Times mean nothing here.
#include <bus/bus.hpp>
#include <bus/testing.hpp>
#include <cstdio>
#include <utility>
#include <vector>

#include "small_message.hpp"

namespace bus::bench {

namespace {

constexpr int kMessages = 10'000;
constexpr int kBatch = 16;
constexpr std::size_t kLoanBytes = 1024;

struct BestEffort {
    static constexpr bool kReliable = false;
};
struct Reliable {
    static constexpr bool kReliable = true;
};

/// Both ends of a topic, each of a connection of its own.
template <class Kind, class T>
struct Line {
    Connection sender, receiver;
    Publisher<T> out;
    Subscriber<T> in;

    Line(testing::LocalBroker const& broker, char const* topic)
        : sender(broker.connect("sender").value()),
          receiver(broker.connect("receiver").value()),
          out(sender.publisher<T>(topic).value()),
          in(receiver.subscriber<T>(topic, {.reliable = Kind::kReliable}).value()) {
        out.wait_for_subscribers(1, std::chrono::seconds(30)).value();
        in.wait_for_publishers(1, std::chrono::seconds(30)).value();
    }
};

/// Each counted function has one of its own: of two that do the same, the compiler would make one.
template <class Kind, int Place>
bool volatile called = false;

template <class Kind>
[[gnu::noinline]] void counted_publish_64_bytes(Line<Kind, Bytes>& line, Bytes message) {
    called<Kind, __LINE__> = true;
    (void)line.out.publish(message).value();
}
template <class Kind>
[[gnu::noinline]] void counted_receive_64_bytes(Line<Kind, Bytes>& line) {
    called<Kind, __LINE__> = true;
    (void)line.in.try_receive().value();
}
template <class Kind>
[[gnu::noinline]] void counted_publish_protobuf(Line<Kind, Small>& line, Small const& message) {
    called<Kind, __LINE__> = true;
    (void)line.out.publish(message).value();
}
template <class Kind>
[[gnu::noinline]] void counted_receive_protobuf(Line<Kind, Small>& line) {
    called<Kind, __LINE__> = true;
    (void)line.in.try_receive().value();
}
template <class Kind>
[[gnu::noinline]] void counted_publish_loan_of_1024_bytes(Line<Kind, Bytes>& line) {
    called<Kind, __LINE__> = true;
    (void)line.out.loan(kLoanBytes).value().publish(kLoanBytes).value();
}
template <class Kind>
[[gnu::noinline]] void counted_receive_loan_of_1024_bytes(Line<Kind, Bytes>& line) {
    called<Kind, __LINE__> = true;
    (void)line.in.try_receive().value();
}
template <class Kind>
[[gnu::noinline]] void counted_publish_64_bytes_of_a_batch_of_16(Line<Kind, Bytes>& line, std::vector<Bytes> const& messages) {
    called<Kind, __LINE__> = true;
    (void)line.out.publish_batch(messages).value();
}
template <class Kind>
[[gnu::noinline]] void counted_receive_64_bytes_of_a_batch_of_16(Line<Kind, Bytes>& line) {
    called<Kind, __LINE__> = true;
    for (int i = 0; i < kBatch; ++i) (void)line.in.try_receive().value();
}
template <class Kind>
[[gnu::noinline]] bool counted_receive_nothing(Line<Kind, Bytes>& line) {
    called<Kind, __LINE__> = true;
    return line.in.try_receive().has_value();
}

template <class Kind>
void run(testing::LocalBroker const& broker) {
    std::vector<std::byte> const room(64);
    Bytes const bytes(room);
    std::vector<Bytes> const batch(kBatch, bytes);
    auto const message = small_message();
    {
        Line<Kind, Bytes> line(broker, "bytes");
        for (int i = 0; i < kMessages; ++i) {
            counted_publish_64_bytes(line, bytes);
            counted_receive_64_bytes(line);
        }
        for (int i = 0; i < kMessages; ++i) {
            counted_publish_loan_of_1024_bytes(line);
            counted_receive_loan_of_1024_bytes(line);
        }
        for (int i = 0; i < kMessages; i += kBatch) {
            counted_publish_64_bytes_of_a_batch_of_16(line, batch);
            counted_receive_64_bytes_of_a_batch_of_16(line);
        }
        for (int i = 0; i < kMessages; ++i)
            if (counted_receive_nothing(line)) std::abort();
    }
    Line<Kind, Small> line(broker, "protobuf");
    for (int i = 0; i < kMessages; ++i) {
        counted_publish_protobuf(line, message);
        counted_receive_protobuf(line);
    }
}

}  // namespace

}  // namespace bus::bench

int main() {
    bus::testing::LocalBroker const broker;
    bus::bench::run<bus::bench::BestEffort>(broker);
    bus::bench::run<bus::bench::Reliable>(broker);
}

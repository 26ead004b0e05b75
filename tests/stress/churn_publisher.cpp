// A publisher of the churn campaign: bursts of single messages, loans and batches, at full speed or with naps, through a small ring.
#include <algorithm>
#include <random>
#include <vector>

#include "churn_client.hpp"
#include "churn_message.hpp"
#include "support/eventually.hpp"

namespace bus::test::churn {

namespace {

constexpr std::size_t kBatch = 4;

class Publishing {
public:
    Publishing(Client& client, Publisher<Bytes> publisher, PublisherRecord& record)
        : client_(client), publisher_(std::move(publisher)), record_(record), random_(record.plan.seed), messages_(kBatch) {}

    /// Until it is told to leave, or something is wrong.
    Result<void> run() {
        while (!client_.shall_leave()) {
            auto const burst = 1 + random_() % 32;
            for (std::uint64_t i = 0; i < burst && !client_.shall_leave(); ++i)
                if (auto done = publish_one(); !done) return done;
            if (record_.plan.paced) pause_us(random_() % 1500);
        }
        return {};
    }

private:
    Result<void> publish_one() {
        auto const manner = record_.plan.drops ? 0 : random_() % 8;
        auto const count = manner == 1 ? kBatch : 1;
        for (std::size_t i = 0; i < count; ++i) prepare(i);
        record_.begun.store(next_ + count - 1, std::memory_order_seq_cst);
        client_.enter(Phase::publishing);
        auto const sequence = manner == 1 ? batch() : manner == 2 ? loan() : publisher_.publish(bytes(0));
        if (sequence) {
            if (publisher_.dropped() == dropped_) record_.committed.store(*sequence, std::memory_order_seq_cst);
            dropped_ = publisher_.dropped();
            record_.dropped.store(dropped_, std::memory_order_relaxed);
        }
        client_.come_out(static_cast<bool>(sequence));
        if (!sequence) return sequence.error() == Errc::cancelled ? Result<void>() : sequence.error();
        next_ += count;
        if (*sequence == next_ - 1) return {};
        return Error(Errc::invalid, "publish returned " + std::to_string(*sequence) + ", not " + std::to_string(next_ - 1));
    }

    void prepare(std::size_t index) {
        auto& message = messages_[index];
        message.resize(bytes_of(record_.plan, next_ + index));
        fill(record_.plan, next_ + index, dropped_, message);
    }
    Bytes bytes(std::size_t index) const { return Bytes(std::span<std::byte const>(messages_[index])); }

    Result<std::uint64_t> batch() {
        std::array<Bytes, kBatch> all;
        for (std::size_t i = 0; i < kBatch; ++i) all[i] = bytes(i);
        return publisher_.publish_batch(all);
    }
    Result<std::uint64_t> loan() {
        auto room = publisher_.loan(messages_[0].size() + 8);
        if (!room) return room.error();
        std::ranges::copy(messages_[0], room->bytes().begin());
        return room->publish(messages_[0].size());
    }

    Client& client_;
    Publisher<Bytes> publisher_;
    PublisherRecord& record_;
    std::minstd_rand random_;
    std::vector<std::vector<std::byte>> messages_;
    std::uint64_t next_ = 1, dropped_ = 0;
};

}  // namespace

int run_publisher(Place const& place) {
    Client::expect_signal(place.history.client(place.place));
    auto& record = place.history.publishers()[place.publisher];
    auto bus = Connection::open(place.options);
    if (!bus) return give_up(place, "open", bus.error());
    {
        Client client(std::move(*bus), place.history.client(place.place));
        auto publisher =
            client.bus().publisher<Bytes>(topic_name(record.plan.topic), {.ring_bytes = record.plan.ring_bytes,
                                                                          .when_full = record.plan.drops ? WhenFull::drop : WhenFull::wait,
                                                                          .wait_for = patience(std::chrono::minutes(1))});
        if (!publisher) return give_up(place, "publisher", publisher.error());
        record.id.store(publisher->id(), std::memory_order_seq_cst);
        client.come_out();
        Publishing publishing(client, std::move(*publisher), record);
        if (auto done = publishing.run(); !done) return give_up(place, "publish", done.error());
        client.enter(Phase::leaving);
    }
    place.history.client(place.place).phase = Phase::ended;
    return 0;
}

}  // namespace bus::test::churn

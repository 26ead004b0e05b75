// A subscriber of the churn campaign: sleeps in a receive, polls a descriptor, takes many at once, or spins; checks each message and writes
// down what it got.
#include <poll.h>
#include <sched.h>

#include <bit>
#include <map>
#include <optional>

#include "churn_client.hpp"
#include "churn_message.hpp"

namespace bus::test::churn {

namespace {

using Style = ReaderRecord::Plan::Style;

// Longer than what counts as asleep over available data: no look of its own saves a sleeper that was not rung.
constexpr auto kLongest = std::chrono::seconds(20);

class Receiving {
public:
    Receiving(Client& client, Subscriber<Bytes> subscriber, Place const& place)
        : client_(client),
          subscriber_(std::move(subscriber)),
          history_(place.history),
          place_(place.place),
          record_(history_.reader(place_)) {}

    Result<void> run() {
        while (!client_.shall_leave()) {
            auto const got = receive_some();
            if (!got && got.error() != Errc::timeout && got.error() != Errc::cancelled && got.error() != Errc::would_block) return got;
        }
        return {};
    }

    /// Told to leave at the end of the campaign: all that is there still is ours.
    Result<void> drain() {
        for (;;) {
            auto const got = try_one();
            if (got) continue;
            if (got.error() != Errc::would_block) return got;
            record_.drained = true;
            return {};
        }
    }

    void sum_up() {
        for (auto const& loss : subscriber_.losses())
            if (auto const publisher = find(loss.publisher)) cell_of(*publisher).counted += loss.count;
        record_.lost = subscriber_.lost();
    }

private:
    Result<void> receive_some() {
        switch (record_.plan.style) {
            case Style::sleep: {
                client_.enter(Phase::receiving);
                auto const sample = subscriber_.receive_for(kLongest);
                return take(sample);
            }
            case Style::many: {
                client_.enter(Phase::receiving);
                auto const samples = subscriber_.receive_many(8, kLongest);
                if (samples)
                    for (auto const& sample : *samples) write_down(sample);
                client_.come_out(static_cast<bool>(samples));
                return samples ? Result<void>() : samples.error();
            }
            case Style::poll:
                return poll_once();
            case Style::spin:
                if (auto got = try_one(); got || got.error() != Errc::would_block) return got;
                ::sched_yield();
                return {};
        }
        return {};
    }

    Result<void> poll_once() {
        pollfd one{.fd = subscriber_.fd(), .events = POLLIN, .revents = 0};
        client_.enter(Phase::polling);
        (void)::poll(&one, 1, std::chrono::milliseconds(kLongest).count());
        client_.come_out(false);
        while (!client_.shall_leave())
            if (auto got = try_one(); !got) return got;
        return {};
    }

    Result<void> try_one() {
        client_.enter(Phase::receiving);
        return take(subscriber_.try_receive());
    }

    Result<void> take(Result<Sample<Bytes>> const& sample) {
        if (sample) write_down(*sample);
        client_.come_out(static_cast<bool>(sample));
        if (!sample) return sample.error();
        if (record_.plan.reads_slowly && record_.received % 16 == 0) pause_us(2000);
        return {};
    }

    void write_down(Sample<Bytes> const& sample) {
        auto const& info = sample.info();
        ++record_.received;
        auto const index = find(info.publisher);
        if (!index) return misplaced(info);
        auto const& publisher = history_.publishers()[*index];
        if (info.topic != topic_name(publisher.plan.topic)) misplaced(info);
        Got got{.sequence = info.sequence, .lost_before = info.lost_before};
        auto& cell = cell_of(*index);
        got.dropped = cell.dropped;
        got.whole = is_whole(publisher.plan, info.sequence, sample.message(), got.dropped);
        note(cell, got, record_.plan.reliable);
    }

    void misplaced(Info const& info) {
        ++record_.misplaced;
        history_.client(place_).complain("got message " + std::to_string(info.sequence) + " of publisher id " +
                                         std::to_string(info.publisher) + " on " + std::string(info.topic) +
                                         ", which published no such thing");
    }

    std::optional<std::size_t> find(PublisherId id) {
        if (auto const known = by_id_.find(id); known != by_id_.end()) return known->second;
        for (auto index = history_.publisher_count().load(); index-- > 0;)  // the new ones are at the end
            if (history_.publishers()[index].id == id) return by_id_[id] = index;
        return std::nullopt;
    }

    Cell& cell_of(std::size_t publisher) {
        auto& cell = history_.cell(place_, publisher);
        if (cell.reader != record_.plan.reader) cell = {.reader = record_.plan.reader};
        return cell;
    }

    Client& client_;
    Subscriber<Bytes> subscriber_;
    History& history_;
    std::size_t place_;
    ReaderRecord& record_;
    std::map<PublisherId, std::size_t> by_id_;
};

// What there was before we subscribed, and what there is when we have: docs in churn_checker.hpp.
void look_before(History& history, std::size_t place) {
    auto const& record = history.reader(place);
    for (std::size_t index = 0; index < history.publisher_count().load(); ++index) {
        auto const& publisher = history.publishers()[index];
        if ((record.plan.topics >> publisher.plan.topic & 1) != 0 && publisher.end == End::lives)
            history.cell(place, index) = {.reader = record.plan.reader, .committed_before = publisher.committed};
    }
}

void look_after(History& history, std::size_t place) {
    auto const& record = history.reader(place);
    for (std::size_t index = 0; index < history.publisher_count().load(); ++index) {
        auto& cell = history.cell(place, index);
        auto const& publisher = history.publishers()[index];
        if ((record.plan.topics >> publisher.plan.topic & 1) == 0 || publisher.begun == 0) continue;
        if (cell.reader != record.plan.reader) cell = {.reader = record.plan.reader};
        cell.begun_at_join = publisher.begun;
    }
}

}  // namespace

int run_subscriber(Place const& place) {
    Client::expect_signal(place.history.client(place.place));
    auto& record = place.history.reader(place.place);
    auto bus = Connection::open(place.options);
    if (!bus) return give_up(place, "open", bus.error());
    {
        Client client(std::move(*bus), place.history.client(place.place));
        auto const one = std::has_single_bit(record.plan.topics);
        auto const pattern = one ? topic_name(static_cast<std::uint32_t>(std::countr_zero(record.plan.topics))) : "churn/*";
        record.joining_at = place.history.ends().load();
        look_before(place.history, place.place);
        SubscriberOptions options{.reliable = record.plan.reliable};
        if (record.plan.reader % 2 == 0) options.spin = Duration::zero();
        auto subscriber = client.bus().subscriber<Bytes>(pattern, options);
        if (!subscriber) return give_up(place, "subscriber", subscriber.error());
        look_after(place.history, place.place);
        record.joined = true;
        client.come_out();
        Receiving receiving(client, std::move(*subscriber), place);
        if (auto done = receiving.run(); !done) return give_up(place, "receive", done.error());
        if (place.history.drains())
            if (auto done = receiving.drain(); !done) return give_up(place, "drain", done.error());
        receiving.sum_up();
        client.enter(Phase::leaving);
    }
    place.history.client(place.place).phase = Phase::ended;
    return 0;
}

}  // namespace bus::test::churn

// Publishing, instruction by instruction. After each of them a copy of the ring is read by real readers: one that had read all there was,
// one that is waited for and behind, one that begins at the oldest message. They see what was committed before and nothing else, or that
// and all of the new message; and what was seen once stays. That is also what a publisher leaves that dies there.
#include <bus/bus.hpp>
#include <deque>

#include "campaigns.hpp"
#include "shm/ring_history.hpp"
#include "support/on_bus.hpp"

namespace bus::test {

namespace {

constexpr std::uint64_t kEndless = 200'000;  // instructions: no publish takes so many

struct Way {
    char const* role;
    char const* how;
    std::uint64_t messages;  // committed at once
    std::uint64_t extension_bytes;
};
constexpr char const* kPhases[] = {"empty", "between", "full", "wrapping", "full, wrapping"};
constexpr Way kWays[] = {{"bytes_publisher", "publish", 1, 0},
                         {"bytes_publisher", "loan", 1, 0},
                         {"bytes_publisher", "batch", 3, 0},
                         {"bytes_publisher", "origin", 1, 64},
                         {"message_publisher", "protobuf", 1, 0}};

/// What message `sequence` looks like in the ring.
std::vector<std::byte> wire_of(Way const& way, std::uint64_t sequence, std::size_t bytes) {
    if (std::string(way.how) != "protobuf") return message_of(sequence, bytes);
    Text message;
    message.set_value(content(sequence, bytes));
    auto const text = message.SerializeAsString();
    auto const span = std::as_bytes(std::span(text));
    return {span.begin(), span.end()};
}

/// The messages that were committed, and what readers find of them in a copy of the ring.
class Committed {
public:
    Committed(WatchedRing& ring, bool retained)
        : ring_(ring),
          retained_(retained),
          held_(ring.copy(), shm::ReaderKind::reliable, nullptr),
          follower_(ring.copy(), shm::ReaderKind::best_effort, nullptr) {}

    std::uint64_t last() const { return last_; }
    std::uint64_t unread() const { return last_ - read_; }
    /// The next operation will commit these, or nothing.
    void expect(std::vector<std::vector<std::byte>> messages) {
        for (auto& message : messages) messages_.push_back(std::move(message));
        new_ = messages.size();
        seen_ = false;
    }
    /// It is over.
    void settle(bool committed) {
        if (committed) {
            last_ += new_;
        } else {
            messages_.resize(messages_.size() - new_);
        }
        new_ = 0;
        ring_.take_copy();
        while (follower_.next(room_)) {
        }
    }
    /// The reliable reader has taken one and given it back.
    void read_one() {
        ring_.take_copy();
        (void)held_.next(room_);
        ++read_;
        while (messages_.size() > 300) {
            messages_.pop_front();
            ++dropped_;
        }
    }
    bool is_seen() const { return seen_; }

    /// Reads the copy. Returns: what is wrong; empty: nothing.
    std::string look(Fault& fault) {
        auto follower = follower_;
        auto const newest = read_all(follower, last_ + 1, "who had read all", fault);
        if (!wrong_.empty()) return std::exchange(wrong_, {});
        if (newest != last_ && newest != last_ + new_) return fail(fault, Fault::torn, "a part of a batch is there");
        if (seen_ && newest == last_) return fail(fault, Fault::lost, "a message that was there has gone");
        seen_ = newest != last_ || new_ == 0;
        auto held = held_;
        if (read_all(held, read_ + 1, "who is waited for", fault) != newest && wrong_.empty())
            return fail(fault, Fault::lost, "who is waited for does not get to the end");
        shm::RingReader<> oldest(ring_.copy(), shm::ReaderKind::best_effort, nullptr);
        auto const place = shm::place_of_oldest(ring_.copy());
        oldest.start_at(place);
        if (wrong_.empty() && read_all(oldest, place.sequence, "who begins at the oldest", fault) != newest &&
            place.position != shm::load_tail(ring_.copy()))
            return fail(fault, Fault::lost, "who begins at the oldest does not get to the end");
        if (wrong_.empty() && retained_) look_at_marks(newest, fault);
        return std::exchange(wrong_, {});
    }

private:
    std::string fail(Fault& fault, Fault which, std::string what) {
        fault = which;
        return what;
    }
    /// Returns: the last sequence there.
    std::uint64_t read_all(shm::RingReader<>& reader, std::uint64_t expected, char const* who, Fault& fault) {
        for (;;) {
            auto const record = reader.next(room_);
            if (!record) {
                if (record.error() != Errc::would_block) wrong_ = fail(fault, Fault::torn, std::string(who) + ": " + record.error().what());
                return expected == 0 ? last_ : expected - 1;
            }
            if (expected == 0) expected = record->sequence;
            if (record->sequence != expected || record->lost_before != 0) {
                wrong_ = fail(fault, Fault::lost,
                              std::string(who) + ": " + std::to_string(record->sequence) + " came instead of " + std::to_string(expected));
                return record->sequence;
            }
            if (!is_whole(*record)) {
                wrong_ = fail(fault, Fault::torn,
                              std::string(who) + ": message " + std::to_string(record->sequence) + " is not what was published");
                return record->sequence;
            }
            ++expected;
        }
    }
    bool is_whole(shm::Record const& record) const {
        if (record.sequence <= dropped_ || record.sequence > dropped_ + messages_.size()) return record.sequence <= dropped_;
        auto const& there = messages_[record.sequence - dropped_ - 1];
        return std::ranges::equal(there, record.payload);
    }
    /// What busd keeps of a retained topic, should the publisher die now.
    void look_at_marks(std::uint64_t newest, Fault& fault) {
        auto const marks = shm::marks_of_last(ring_.copy(), 0);
        for (std::size_t i = 0; i < marks.size(); ++i)
            if (marks[i].sequence + marks.size() - 1 - i != newest) {
                wrong_ =
                    fail(fault, Fault::lost, "busd would find mark " + std::to_string(marks[i].sequence) + " of " + std::to_string(newest));
                return;
            }
        if (marks.empty() && newest != 0) wrong_ = fail(fault, Fault::lost, "busd would find nothing");
    }

    WatchedRing& ring_;
    bool retained_;
    shm::RingReader<> held_, follower_;
    std::deque<std::vector<std::byte>> messages_;
    std::uint64_t dropped_ = 0;  // taken out in front of messages_
    std::uint64_t last_ = 0, read_ = 0, new_ = 0;
    bool seen_ = false;
    std::string wrong_;
    Room room_;
};

/// Before a record of so many bytes.
char const* phase_of(WatchedRing const& ring, Committed const& committed, Way const& way, std::size_t bytes) {
    auto const& view = ring.live();
    auto const tail = view.head->tail.load();
    auto const rest = view.capacity - (tail & (view.capacity - 1));
    auto const all = way.messages * shm::record_bytes(bytes, way.extension_bytes);
    bool const wraps = all > rest;
    if (tail + all + (wraps ? rest : 0) > view.head->limit.load()) return wraps ? "full, wrapping" : "full";
    if (wraps) return "wrapping";
    return committed.unread() == 0 ? "empty" : "between";
}

class Publishing {
public:
    Publishing(Lab& lab, Way const& way, bool retained)
        : lab_(lab),
          way_(way),
          name_(std::string("publish: ") + way.how),
          bus_(lab.broker.connect("reader").value()),
          topic_(std::string("stepped/") + way.how + (retained ? "/retained" : "/plain")),
          retained_(retained),
          reader_(bus_.subscriber<Any>(topic_, {.reliable = true}).value()),
          stepper_(lab.start(way.role, {topic_, "4096", retained ? "1" : "0"})) {}

    /// Walks so many publishes in each phase of the ring; in between it goes on without looking.
    void run(int of_each_phase) {
        begin();
        WatchedRing ring(lab_.broker, topic_);
        Committed committed(ring, retained_);
        std::size_t const longest = ring.live().capacity / 4 / way_.messages - 160;
        bool filling = true;
        std::map<std::string, int> walked;
        auto const is_done = [&] {
            return walked.size() == std::size(kPhases) &&
                   std::ranges::all_of(walked, [&](auto const& one) { return one.second >= of_each_phase; });
        };
        for (int round = 0; round < 100 * of_each_phase + 300 && !is_done() && !lab_.is_enough(); ++round) {
            std::size_t const bytes = lab_.random() % 3 == 0 ? lab_.random() % longest : lab_.random() % 120;
            auto const phase = phase_of(ring, committed, way_, bytes);
            bool const walks = walked[phase] < of_each_phase;
            if (!publish(ring, committed, bytes, phase, walks)) return;
            walked[phase] += walks ? 1 : 0;
            // Up to the brim and down to nothing, or one by one.
            if (committed.unread() == 0) filling = lab_.random() % 2 == 0;
            auto const reads = !committed_ ? (lab_.random() % 2 == 0 ? committed.unread() : 1 + lab_.random() % 3)
                               : filling   ? 0
                                           : lab_.random() % (2 * way_.messages + 1);
            for (std::uint64_t i = 0; i < reads && committed.unread() != 0; ++i) {
                (void)reader_.receive_for(patience()).value();
                committed.read_one();
            }
        }
        stepper_.kill();
    }

private:
    void begin() {
        stepper_.expect("", "ready");
        reader_.wait_for_publishers(1, patience()).value();
    }

    bool publish(WatchedRing& ring, Committed& committed, std::size_t bytes, std::string const& phase, bool walks) {
        auto const sequence = committed.last() + 1;
        std::vector<std::vector<std::byte>> messages;
        for (std::uint64_t i = 0; i < way_.messages; ++i) messages.push_back(wire_of(way_, sequence + i, bytes));
        committed.expect(messages);
        std::uint64_t steps = 0;
        ModuleMap& map = map_ ? *map_ : map_.emplace(stepper_.child().pid());
        auto const look = [&](std::uint64_t instruction) {
            ring.take_copy();
            lab_.coverage.count(map, "publish", phase, instruction);
            Fault fault{};
            if (auto const wrong = committed.look(fault); !wrong.empty())
                lab_.findings.add(fault, name_ + ", " + phase + ", instruction " + std::to_string(steps) + " of the publish of " +
                                             std::to_string(sequence) + ": " + wrong);
            return ++steps < kEndless && !lab_.is_enough();
        };
        stepper_.child().send_line(std::string(way_.how) + " " + std::to_string(sequence) + " " + std::to_string(bytes));
        if (walks && (!stepper_.run_to_mark(1) || !stepper_.step_to_mark(2, look) || steps >= kEndless)) {
            lab_.findings.add(Fault::stuck, name_ + ", " + phase + ": does not get to its end");
            return false;
        }
        if (lab_.is_enough()) return false;
        auto const told = stepper_.outcome();
        if (!told) return false;
        committed_ = *told == std::to_string(sequence + way_.messages - 1);
        if (!committed_ && *told != "refused") lab_.findings.add(Fault::lost, name_ + ": the publisher says " + *told);
        if (walks && committed_ != committed.is_seen())
            lab_.findings.add(Fault::lost, name_ + ": the publisher says " + *told + ", the ring does not");
        committed.settle(committed_);
        return true;
    }

    Lab& lab_;
    Way way_;
    std::string name_;
    Connection bus_;
    std::string topic_;
    bool retained_;
    Subscriber<Any> reader_;
    WalkedRole stepper_;
    std::optional<ModuleMap> map_;
    bool committed_ = false;
};

}  // namespace

void walk_publishes(Lab& lab, int of_each_phase, bool every_ring) {
    for (std::size_t i = 0; i < std::size(kWays); ++i)
        for (bool const retained : {false, true}) {
            if (lab.is_enough()) return;
            if (every_ring || retained == (i % 2 == 1)) Publishing(lab, kWays[i], retained).run(of_each_phase);
        }
}

}  // namespace bus::test

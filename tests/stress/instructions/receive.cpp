// Receiving, instruction by instruction. At each of them the reader's cursor says what the publisher may overwrite, and what a reader that
// dies there had read: never a byte of what is being taken, nor of what is still held. And the publisher does it: walked to each
// instruction in turn, the reader stands still while the publisher, itself, publishes as much as it may; then it goes on, and must get the
// next message, whole. A best-effort reader may be overrun so; then it must know by how many.
#include <bus/bus.hpp>
#include <set>

#include "campaigns.hpp"
#include "support/on_bus.hpp"

namespace bus::test {

namespace {

constexpr std::uint64_t kEndless = 200'000;  // instructions

std::size_t bytes_of(std::uint64_t sequence) { return sequence * 2654435761U % 241; }

class Receiving {
public:
    Receiving(Lab& lab, bool reliable)
        : lab_(lab),
          reliable_(reliable),
          topic_(reliable ? "read/reliably" : "read/best/effort"),
          bus_(lab.broker.connect("publisher").value()),
          out_(bus_.publisher<Bytes>(topic_, {.ring_bytes = 4096, .when_full = WhenFull::refuse}).value()),
          stepper_(lab.start("receiver", {topic_, reliable ? "1" : "0"})),
          ring_(lab.broker, topic_),
          follower_(ring_.live(), reliable ? shm::ReaderKind::reliable : shm::ReaderKind::best_effort, nullptr),
          map_(stepper_.child().pid()) {
        stepper_.expect("", "ready");
        stepper_.expect("join", "done");
        out_.wait_for_subscribers(1, patience()).value();
        cursor_.emplace(ring_);
    }

    /// Every `stride`-th instruction of taking and giving back, in each phase of the ring.
    void run(std::uint64_t stride) {
        lab_.each_instruction({"empty", "between", "full", "wrapping"}, stride, [&](std::string const& phase, std::uint64_t at) {
            bring_about(phase);
            return take(phase, at);
        });
        stepper_.kill();
    }

private:
    bool publish() {
        auto const sequence = sent_ + 1;
        if (auto const done = out_.publish(message_of(sequence, bytes_of(sequence))); !done) return false;
        sent_ = sequence;
        return true;
    }
    void publish_all() {
        // Nobody holds it up where nobody is waited for: somewhat more than a ring is as much as it can do to anybody.
        for (int i = 0; i < 80 && publish(); ++i) {
        }
    }

    void drain() {
        while (got_ < sent_) (void)check(stepper_.ask("take"), "between two walks");
    }
    /// Whether what is read next stands behind the padding at the end of the area.
    bool wraps() const {
        auto const& view = ring_.live();
        auto const next = follower_.position();
        return next < view.head->tail.load() && shm::load_head(view.data + (next & (view.capacity - 1))).kind == shm::RecordKind::padding;
    }
    void bring_about(std::string const& phase) {
        if (phase == "full") {
            publish_all();
            return;
        }
        drain();
        if (phase == "empty") return;
        (void)publish();
        if (phase == "between") return;
        for (int i = 0; i < 200 && !wraps(); ++i) {
            drain();
            (void)publish();
        }
        EXPECT_TRUE(wraps());
    }

    void find(Fault fault, std::string const& phase, std::uint64_t steps, std::string const& what) {
        lab_.findings.add(fault, std::string(reliable_ ? "reliable" : "best-effort") + " receive, " + phase + ", instruction " +
                                     std::to_string(steps) + ": " + what);
    }

    /// The answer to a take: what came is the next one, or it knows what it missed.
    std::string check(std::string const& told, std::string const& phase, std::uint64_t steps = 0) {
        std::uint64_t sequence = 0, lost = 0, bytes = 0;
        char whole[8] = {};
        if (std::sscanf(told.c_str(), "%lu %lu %lu %7s", &sequence, &lost, &bytes, whole) != 4) {
            // Nothing is an answer where nothing was there when it looked, or all of it was overwritten under its hands.
            if (told != "nothing" || reliable_)
                find(Fault::lost, phase, steps, "message " + std::to_string(got_ + 1) + " is there, it says " + told);
            return told;
        }
        if (std::string(whole) != "whole" || bytes != bytes_of(sequence)) find(Fault::torn, phase, steps, told);
        if (sequence != got_ + 1 + lost || (reliable_ && lost != 0))
            find(Fault::lost, phase, steps, told + ", after " + std::to_string(got_));
        got_ = sequence;
        follow(got_);
        return told;
    }
    /// Where the reader stands now: behind the last one it got.
    void follow(std::uint64_t taken) {
        while (follower_.expected_sequence() <= taken) {
            auto const record = follower_.next(room_);
            if (!record) break;
            boundaries_.insert({record->begin, record->end});
        }
        while (boundaries_.size() > 400) boundaries_.erase(boundaries_.begin());
    }

    /// Walks to instruction `at` of a take or of giving back, lets the publisher loose there, goes on.
    /// Returns: false where the operation has not so many.
    bool take(std::string const& phase, std::uint64_t at) {
        std::uint64_t const expected = got_ + 1, before = sent_;
        std::uint64_t steps = 0;
        bool giving_back = false;
        auto const look = [&](std::uint64_t instruction) {
            lab_.coverage.count(map_,
                                giving_back ? "give back"
                                : reliable_ ? "receive, reliable"
                                            : "receive, best-effort",
                                phase, instruction);
            look_at_cursor(phase, steps, expected, giving_back);
            return steps++ < at && !lab_.is_enough();
        };
        stepper_.child().send_line("take");
        if (!stepper_.run_to_mark(1)) return false;
        bool arrived = walk_to(2, look, steps, at);
        if (!arrived && before >= expected && stepper_.run_to_mark(4)) {
            giving_back = true;
            if (reliable_) follow(expected);  // now: once it is given back it may be overwritten
            arrived = walk_to(5, look, steps, at);
        }
        if (arrived) publish_all();
        auto const told = stepper_.outcome();
        if (!told) {
            find(Fault::stuck, phase, steps, "it does not get to its end");
            return false;
        }
        // What came while it looked it may have seen or not.
        if (before >= expected || *told != "nothing") (void)check(*told, phase, steps);
        return arrived && !lab_.is_enough();
    }
    /// Returns: whether it stands at the wanted instruction; else it stands at the mark.
    bool walk_to(long number, std::function<bool(std::uint64_t)> const& look, std::uint64_t& steps, std::uint64_t at) {
        (void)stepper_.step_to_mark(number, [&](std::uint64_t instruction) { return look(instruction) && steps < kEndless; });
        return steps > at;
    }

    void look_at_cursor(std::string const& phase, std::uint64_t steps, std::uint64_t expected, bool giving_back) {
        if (!reliable_) return;
        auto const position = cursor_->position();
        if (!position || *position == shm::kClosed) return find(Fault::lost, phase, steps, "its cursor does not stand for the ring");
        if (*position == seen_position_) return;
        seen_position_ = *position;
        auto here = follower_;
        auto const next = here.next(room_);
        if (next) boundaries_.insert({next->begin, next->end});
        if (*position != 0 && !boundaries_.contains(*position))
            find(Fault::torn, phase, steps, "its cursor is at no record: " + std::to_string(*position));
        // Who comes after it, from that cursor, gets what it had not given back, and that is whole.
        shm::RingReader<> successor(ring_.live(), shm::ReaderKind::reliable, nullptr);
        successor.start_at({*position, 0});
        auto const record = successor.next(room_);
        auto const first = record ? record->sequence : sent_ + 1;
        if (record && !is_message(record->payload, first))
            find(Fault::torn, phase, steps, "what its cursor holds is not what was published");
        if (first > expected + (giving_back ? 1 : 0))
            find(Fault::lost, phase, steps,
                 "its cursor has given up message " + std::to_string(expected) + ", the next is " + std::to_string(first));
    }

    Lab& lab_;
    bool reliable_;
    std::string topic_;
    Connection bus_;
    Publisher<Bytes> out_;
    WalkedRole stepper_;
    WatchedRing ring_;
    shm::RingReader<> follower_;  // takes what the walked reader took
    std::set<std::uint64_t> boundaries_;
    ModuleMap map_;
    std::optional<WatchedCursor> cursor_;
    std::uint64_t sent_ = 0, got_ = 0, seen_position_ = 0;
    Room room_;
};

}  // namespace

void walk_receives(Lab& lab, std::uint64_t stride) {
    Receiving(lab, true).run(stride);
    if (!lab.is_enough()) Receiving(lab, false).run(stride);
}

}  // namespace bus::test

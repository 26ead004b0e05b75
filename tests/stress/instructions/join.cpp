// Joining, instruction by instruction: a reliable subscriber comes to a ring that is being written. From the attaching of the ring's memory
// to the end of Connection::subscriber it is stopped at each instruction in turn, and the publisher publishes there as much as it may; once
// more when it has joined. From its first message on nothing may be missing.
#include <bus/bus.hpp>

#include "campaigns.hpp"
#include "support/on_bus.hpp"

namespace bus::test {

namespace {

constexpr std::uint64_t kJoined = 200;  // instructions after its cursor stands for the ring
constexpr int kMoreThanARing = 300;     // messages, of whatever size: as much as a publisher can do to anybody

std::size_t bytes_of(std::uint64_t sequence) { return 1 + sequence * 2654435761U % 180; }

class Joining {
public:
    explicit Joining(Lab& lab)
        : lab_(lab),
          bus_(lab.broker.connect("publisher").value()),
          stepper_(lab.start("receiver", {topic_, "1"})),
          map_(stepper_.child().pid()) {
        stepper_.expect("", "ready");
        begin_anew();
    }

    void run(std::uint64_t stride) {
        lab_.each_instruction({"empty", "between", "full", "wrapping"}, stride, [&](std::string const& phase, std::uint64_t at) {
            bring_about(phase);
            return join(phase, at);
        });
        stepper_.kill();
    }

private:
    void begin_anew() {
        out_.reset();
        out_ = bus_.publisher<Bytes>(topic_, {.ring_bytes = 8192, .when_full = WhenFull::refuse}).value();
        ring_.emplace(lab_.broker, topic_);
        sent_ = 0;
    }
    bool publish() {
        auto const sequence = sent_ + 1;
        if (auto const done = out_->publish(message_of(sequence, bytes_of(sequence))); !done) return false;
        sent_ = sequence;
        return true;
    }
    bool publish_all() {
        for (int i = 0; i < kMoreThanARing; ++i)
            if (!publish()) return false;
        return true;
    }
    /// Nobody reads now, so the publisher is as free as it can be.
    void bring_about(std::string const& phase) {
        if (phase == "empty") return begin_anew();
        auto const& head = *ring_->live().head;
        auto const capacity = ring_->live().capacity;
        auto const next_record = [&] { return shm::record_bytes(bytes_of(sent_ + 1), 0); };
        for (int i = 0; i < 40 || (lab_.random() % 8 != 0 && phase == "between"); ++i) (void)publish();
        if (phase == "full")
            while (head.tail + next_record() <= head.limit) (void)publish();
        if (phase == "wrapping")
            while (next_record() <= capacity - (head.tail & (capacity - 1))) (void)publish();
    }

    void find(Fault fault, std::string const& phase, std::uint64_t steps, std::string const& what) {
        lab_.findings.add(fault, "join, " + phase + ", instruction " + std::to_string(steps) + ": " + what);
    }

    /// To where the ring's memory has just been attached.
    bool run_to_ring() {
        if (!stepper_.run_to_mark(1)) return false;
        for (;;) {
            auto const stop = stepper_.run_to_syscall();
            if (stop.kind == Stop::Kind::ended || stop.kind == Stop::Kind::mark) return false;
            if (stop.kind == Stop::Kind::syscall_entry && stop.number == SYS_shmat) break;
        }
        return stepper_.run_to_syscall().kind == Stop::Kind::syscall_exit;
    }

    bool join(std::string const& phase, std::uint64_t at) {
        std::uint64_t steps = 0;
        stepper_.child().send_line("join");
        if (!run_to_ring()) {
            find(Fault::stuck, phase, 0, "it does not come to the ring");
            return false;
        }
        WatchedCursor const cursor(*ring_);
        std::uint64_t since_attached = 0;
        (void)stepper_.step_to_mark(2, [&](std::uint64_t instruction) {
            if (cursor.position().value_or(shm::kClosed) != shm::kClosed) ++since_attached;  // it may have been another's, or its own once
            if (steps == at) lab_.coverage.count(map_, "join", phase, instruction);
            return steps++ < at && since_attached < kJoined;
        });
        bool const arrived = steps > at && since_attached < kJoined;
        if (arrived) (void)publish_all();
        auto const outcome = stepper_.outcome();
        if (!outcome) {
            find(Fault::stuck, phase, steps, "it does not get to its end");
            return false;
        }
        EXPECT_EQ(*outcome, "done");
        if (publish_all()) find(Fault::lost, phase, steps, "nobody waits for it");
        read_all(phase, steps);
        stepper_.expect("leave", "done");
        return arrived;
    }

    void read_all(std::string const& phase, std::uint64_t steps) {
        for (std::uint64_t last = 0;;) {
            auto const told = stepper_.ask("take");
            std::uint64_t sequence = 0, lost = 0, bytes = 0;
            char whole[8] = {};
            if (std::sscanf(told.c_str(), "%lu %lu %lu %7s", &sequence, &lost, &bytes, whole) != 4) {
                if (told != "nothing" || last != sent_)
                    find(Fault::lost, phase, steps, told + " after " + std::to_string(last) + " of " + std::to_string(sent_));
                return;
            }
            if (std::string(whole) != "whole" || bytes != bytes_of(sequence)) find(Fault::torn, phase, steps, told);
            if (lost != 0 || (last != 0 && sequence != last + 1)) find(Fault::lost, phase, steps, told + ", after " + std::to_string(last));
            last = sequence;
        }
    }

    std::string const topic_ = "joined";
    Lab& lab_;
    Connection bus_;
    std::optional<Publisher<Bytes>> out_;
    WalkedRole stepper_;
    ModuleMap map_;
    std::optional<WatchedRing> ring_;
    std::uint64_t sent_ = 0;
};

}  // namespace

void walk_joins(Lab& lab, std::uint64_t stride) { Joining(lab).run(stride); }

}  // namespace bus::test

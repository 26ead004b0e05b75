// Falling asleep and waking, instruction by instruction: no wake-up may be lost, and nobody looks twice here (BUS_NO_RECHECK).
//
// Sleep: a subscriber that finds nothing is stopped at each instruction on its way into the kernel, and a message is published there. Wake:
// a publisher is stopped at each instruction of a publish, and a subscriber goes to sleep there. Either way the message must come.
#include <bus/bus.hpp>

#include "campaigns.hpp"
#include "support/eventually.hpp"
#include "support/on_bus.hpp"

namespace bus::test {

namespace {

constexpr std::uint64_t kEndless = 200'000;  // instructions

void find_stuck(Lab& lab, std::string const& operation, std::uint64_t steps, std::string const& told) {
    lab.findings.add(Fault::stuck, operation + ", instruction " + std::to_string(steps) + ": it says " + told);
}

char const* phase_of(WatchedRing const& ring, std::size_t bytes) {
    auto const& view = ring.live();
    auto const rest = view.capacity - (view.head->tail & (view.capacity - 1));
    if (view.head->tail + shm::record_bytes(bytes, 0) > view.head->limit) return "full";
    return shm::record_bytes(bytes, 0) > rest ? "wrapping" : "empty";
}

std::size_t bytes_of(std::uint64_t sequence) { return sequence * 2654435761U % 241; }

std::string expected(std::uint64_t sequence) { return std::to_string(sequence) + " 0 " + std::to_string(bytes_of(sequence)) + " whole"; }

class FallingAsleep {
public:
    explicit FallingAsleep(Lab& lab)
        : lab_(lab),
          bus_(lab.broker.connect("publisher").value()),
          out_(bus_.publisher<Bytes>("slept/for", {.ring_bytes = 4096}).value()),
          stepper_(lab.start("receiver", {"slept/for", "1"})),
          ring_(lab.broker, "slept/for"),
          map_(stepper_.child().pid()) {
        stepper_.expect("", "ready");
        stepper_.expect("join", "done");
        out_.wait_for_subscribers(1, patience()).value();
        bells_.emplace(ring_);
    }

    void run(std::uint64_t stride) {
        for (std::uint64_t at = lab_.random() % stride; !lab_.is_enough(); at += stride)
            if (!fall_asleep(at)) break;
        stepper_.kill();
    }

private:
    /// Returns: false where it sleeps before it comes to instruction `at`.
    bool fall_asleep(std::uint64_t at) {
        auto const sequence = ++sent_;
        std::string const phase = phase_of(ring_, bytes_of(sequence));
        std::uint64_t steps = 0;
        bool sleeps = false;
        stepper_.child().send_line("wait");
        if (!stepper_.run_to_mark(1)) return false;
        (void)stepper_.step_to_mark(2, [&](std::uint64_t instruction) {
            sleeps = stepper_.next_syscall() == SYS_semtimedop;
            if (steps == at || sleeps) lab_.coverage.count(map_, "sleep", phase, instruction);
            return steps++ < at && !sleeps && steps < kEndless;
        });
        EXPECT_EQ(out_.publish(message_of(sequence, bytes_of(sequence))).value(), sequence);
        if (!run_to_message()) find_stuck(lab_, "sleep, " + phase, steps, "nothing and sleeps, nobody has rung");
        auto const told = stepper_.outcome().value_or("that it ended");
        if (told != expected(sequence)) find_stuck(lab_, "sleep, " + phase, steps, told);
        return !sleeps;
    }
    /// The message is there. Returns: false where it goes to sleep all the same, and nobody has rung its bell: it has been rung now.
    bool run_to_message() {
        bool woken = true;
        for (;;) {
            auto const stop = stepper_.run_to_syscall();
            if (stop.kind == Stop::Kind::ended || stop.kind == Stop::Kind::mark) return woken;
            if (stop.kind != Stop::Kind::syscall_entry || stop.number != SYS_semtimedop || bells_->is_rung()) continue;
            woken = false;
            bells_->ring();
        }
    }

    Lab& lab_;
    Connection bus_;
    Publisher<Bytes> out_;
    WalkedRole stepper_;
    WatchedRing ring_;
    ModuleMap map_;
    std::optional<WatchedBells> bells_;
    std::uint64_t sent_ = 0;
};

class Waking {
public:
    explicit Waking(Lab& lab)
        : lab_(lab),
          stepper_(lab.start("bytes_publisher", {"rung/for", "4096", "0"})),
          sleeper_(lab.start_beside("receiver", {"rung/for", "1"})) {
        stepper_.expect("", "ready");
        EXPECT_TRUE(sleeper_.expect_line("ready"));
        EXPECT_EQ(ask("join"), "done");
        stepper_.expect("wait 1", "there");
    }

    void run(std::uint64_t stride) {
        WatchedRing const ring(lab_.broker, "rung/for");
        WatchedBells const bells(ring);
        ModuleMap map(stepper_.child().pid());
        for (std::uint64_t at = lab_.random() % stride; !lab_.is_enough(); at += stride)
            if (!wake(ring, bells, map, at)) break;
        stepper_.kill();
    }

private:
    std::string ask(std::string const& line) {
        sleeper_.send_line(line);
        return sleeper_.read_line().value_or("nothing");
    }
    bool wake(WatchedRing const& ring, WatchedBells const& bells, ModuleMap& map, std::uint64_t at) {
        auto const sequence = ++sent_;
        std::string const phase = phase_of(ring, bytes_of(sequence));
        std::uint64_t steps = 0;
        stepper_.child().send_line("publish " + std::to_string(sequence) + " " + std::to_string(bytes_of(sequence)));
        if (!stepper_.run_to_mark(1)) return false;
        (void)stepper_.step_to_mark(2, [&](std::uint64_t instruction) {
            if (steps == at) lab_.coverage.count(map, "wake", phase, instruction);
            return steps++ < at && steps < kEndless;
        });
        bool const arrived = steps > at;
        EXPECT_EQ(ask("doze"), "dozes");
        std::optional<std::string> told;
        EXPECT_TRUE(eventually([&] {
            told = sleeper_.read_line(std::chrono::milliseconds(0));
            return told || bells.has_sleeper();
        }));
        auto const done = stepper_.outcome().value_or("that it ended");
        if (done != std::to_string(sequence)) find_stuck(lab_, "the publisher of a wake, " + phase, steps, done);
        // The kernel takes a sleeper from the queue the moment it is rung.
        if (!told && bells.has_sleeper()) {
            find_stuck(lab_, "the sleeper of a wake, " + phase, steps, "nothing and sleeps, nobody has rung");
            bells.ring();
        }
        if (!told) told = sleeper_.read_line().value_or("nothing");
        if (told != expected(sequence)) find_stuck(lab_, "the sleeper of a wake, " + phase, steps, *told);
        return arrived;
    }

    Lab& lab_;
    WalkedRole stepper_;
    Child sleeper_;
    std::uint64_t sent_ = 0;
};

}  // namespace

void walk_sleeps(Lab& lab, std::uint64_t stride) { FallingAsleep(lab).run(stride); }
void walk_wakes(Lab& lab, std::uint64_t stride) { Waking(lab).run(stride); }

}  // namespace bus::test

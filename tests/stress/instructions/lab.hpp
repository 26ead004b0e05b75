// What the campaigns of single steps share: a bus of their own, the process that is stepped, one ring seen from outside, what was found.
//
// A campaign starts a role (roles.cpp), walks it through an operation instruction by instruction, and looks after each of them at what
// everybody else would see now: who dies there leaves exactly that. All on one CPU: a step costs a quarter then.
#pragma once

#include <bus/testing.hpp>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "client/attached_bus.hpp"
#include "support/coverage.hpp"
#include "support/stepper.hpp"
#include "support/test_ring.hpp"

namespace bus::test {

enum class Fault { torn, lost, stuck };

class Findings {
public:
    /// Where and what; the first few are kept as text.
    void add(Fault fault, std::string const& what);
    std::uint64_t count() const { return torn_ + lost_ + stuck_; }
    /// "0 torn, 0 lost, 0 stuck", and the texts.
    std::string text() const;

private:
    std::uint64_t torn_ = 0, lost_ = 0, stuck_ = 0;
    std::vector<std::string> texts_;
};

/// Keeps this process and its children on one CPU as long as it lives.
class OneCpu {
public:
    OneCpu();
    ~OneCpu();
    OneCpu(OneCpu const&) = delete;
    OneCpu& operator=(OneCpu const&) = delete;

private:
    std::vector<std::uint8_t> before_;
};

/// How much: the quick slice of ./dev test, or all of it where BUS_STRESS is set. And the seed: BUS_SEED, printed.
bool is_whole_run();
std::uint64_t campaign_seed();

/// A role that is walked: for each line that it hears it says one and stops at mark 3, where that line can be read.
class WalkedRole : public Stepper {
public:
    using Stepper::Stepper;

    /// Lets it get to the end of what it does. Returns: what it says then; none where it does not get there.
    std::optional<std::string> outcome();
    /// Something that is not walked. Returns: what it says.
    std::string ask(std::string const& line);
    /// Expects that this is what it says when it is asked; an empty line asks for nothing: it has just been started.
    void expect(std::string const& line, std::string const& wanted);
};

class Lab {
public:
    /// `preload`: a library in front of libbus for the process that is stepped, a wrong variant; empty: none.
    explicit Lab(std::string preload = {});

    /// Starts a role on this bus; `args` follow folder and name of the bus.
    WalkedRole start(std::string const& role, std::vector<std::string> const& args) const;
    /// The same, untraced and with the library as it is.
    Child start_beside(std::string const& role, std::vector<std::string> const& args) const;
    /// Whether a campaign may stop: a wrong variant was found out, or there is enough to look at.
    bool is_enough() const { return findings.count() >= (preload_.empty() ? 3 : 1); }
    void print(std::string const& title) const;
    /// Calls walk(phase, at) in each of those phases, `at` every stride-th number, until it says false or there is enough.
    void each_instruction(std::initializer_list<char const*> phases, std::uint64_t stride,
                          std::function<bool(std::string const& phase, std::uint64_t at)> const& walk);

    OneCpu const one_cpu;
    testing::LocalBroker broker;
    Coverage coverage;
    Findings findings;
    std::mt19937_64 random;

private:
    std::string preload_;
};

/// The ring of a topic's one publisher, as others see it, and a copy of it that stays as it was.
class WatchedRing {
public:
    WatchedRing(testing::LocalBroker const& broker, std::string const& topic);

    shm::RingView const& live() const { return live_; }
    /// Always the same memory: a reader made on it goes on with the next copy.
    shm::RingView const& copy() const { return copy_; }
    void take_copy();
    std::uint32_t index() const { return index_; }  // of its RingEntry
    client::AttachedBus const& bus() const { return *bus_; }

private:
    client::AttachedBusPtr bus_;
    std::uint32_t index_ = 0;
    shm::AttachedSegment arena_;
    std::span<std::byte const> extent_;
    PageMemory memory_{1};
    shm::RingView live_, copy_;
};

/// A reader's own cursor for a ring, as the publisher sees it: of the ring's one member.
class WatchedCursor {
public:
    explicit WatchedCursor(WatchedRing const& ring);
    /// kClosed: it holds nobody up; nothing: it does not stand for that ring.
    std::optional<std::uint64_t> position() const { return shm::position_of(*cursor_, ring_id_); }

private:
    shm::AttachedSegment segment_;
    shm::Cursor const* cursor_ = nullptr;
    std::uint64_t ring_id_;
};

/// The bells of the ring's one member: who sleeps on them, and whether it was rung. What a lost wake-up looks like, without a clock.
class WatchedBells {
public:
    explicit WatchedBells(WatchedRing const& ring);
    /// Whether the kernel has put a thread to sleep there that nobody has rung.
    bool has_sleeper() const;
    /// Whether one is rung that nobody has woken by yet: who goes to sleep on it now does not sleep.
    bool is_rung() const;
    /// Rings them all, in the place of who should have.
    void ring() const;

private:
    int set_;
    unsigned base_;
};

}  // namespace bus::test

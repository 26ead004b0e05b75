// The bus, the CPU, the ring.
#include "lab.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/sem.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "shm/chains.hpp"
#include "support/on_bus.hpp"

namespace bus::test {

void Findings::add(Fault fault, std::string const& what) {
    ++(fault == Fault::torn ? torn_ : fault == Fault::lost ? lost_ : stuck_);
    if (texts_.size() < 8) texts_.push_back((fault == Fault::torn ? "torn: " : fault == Fault::lost ? "lost: " : "stuck: ") + what);
}

std::string Findings::text() const {
    std::ostringstream out;
    out << torn_ << " torn, " << lost_ << " lost, " << stuck_ << " stuck";
    for (auto const& text : texts_) out << "\n    " << text;
    return out.str();
}

OneCpu::OneCpu() : before_(sizeof(cpu_set_t)) {
    auto* const before = reinterpret_cast<cpu_set_t*>(before_.data());
    ::sched_getaffinity(0, sizeof(cpu_set_t), before);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(std::max(::sched_getcpu(), 0), &one);  // the one there is: others may do the same on another
    ::sched_setaffinity(0, sizeof one, &one);
}

OneCpu::~OneCpu() { ::sched_setaffinity(0, sizeof(cpu_set_t), reinterpret_cast<cpu_set_t const*>(before_.data())); }

bool is_whole_run() {
    char const* const factor = std::getenv("BUS_STRESS");
    return factor != nullptr && std::atol(factor) > 1;
}

std::uint64_t campaign_seed() {
    char const* const seed = std::getenv("BUS_SEED");
    return seed != nullptr ? std::strtoull(seed, nullptr, 10) : 20'26;
}

std::optional<std::string> WalkedRole::outcome() {
    if (!run_to_mark(3)) return std::nullopt;
    return child().read_line().value_or("it says nothing");
}

std::string WalkedRole::ask(std::string const& line) {
    child().send_line(line);
    return outcome().value_or("it ended");
}

void WalkedRole::expect(std::string const& line, std::string const& wanted) {
    if (!line.empty()) child().send_line(line);
    EXPECT_EQ(outcome().value_or("it ended"), wanted) << "asked: " << line;
}

Lab::Lab(std::string preload) : coverage({"/libbus.so.0.1.0", "/busd"}), random(campaign_seed()), preload_(std::move(preload)) {}

WalkedRole Lab::start(std::string const& role, std::vector<std::string> const& args) const {
    // The net under lost wake-ups is off: one that is lost is to be seen.
    ChildOptions options{.env = {"BUS_NO_RECHECK=1"}, .without_vdso = true};
    if (!preload_.empty()) options.env.push_back("LD_PRELOAD=" + preload_);
    return WalkedRole(role, on(broker, args), options);
}

Child Lab::start_beside(std::string const& role, std::vector<std::string> const& args) const {
    return run_role(role, on(broker, args), {.env = {"BUS_NO_RECHECK=1"}});
}

void Lab::print(std::string const& title) const {
    std::printf("%s, seed %llu: %s\n%s", title.c_str(), static_cast<unsigned long long>(campaign_seed()), findings.text().c_str(),
                coverage.report(preload_.empty() ? (is_whole_run() ? 12 : 3) : 0).c_str());
    std::fflush(stdout);
}

void Lab::each_instruction(std::initializer_list<char const*> phases, std::uint64_t stride,
                           std::function<bool(std::string const& phase, std::uint64_t at)> const& walk) {
    for (std::string const phase : phases)
        for (std::uint64_t at = random() % stride; !is_enough() && walk(phase, at); at += stride) {
        }
}

WatchedRing::WatchedRing(testing::LocalBroker const& broker, std::string const& topic)
    : bus_(client::attach_bus(broker.options(), client::Wanted::any, sys::deadline_after(patience())).value()) {
    auto const topic_index = bus_->directory().find_topic(topic).value();
    bus_->directory().each<shm::RingEntry>([&](std::uint32_t index, auto const& entry) {
        bool const found = entry->topic == topic_index && entry->head.state == static_cast<std::uint32_t>(shm::RingState::live);
        if (found) index_ = index;
        return !found;
    });
    auto const here = bus_->directory().snapshot<shm::RingEntry>(index_).value();
    arena_ = shm::AttachedSegment::open(here->segment, shm::SegmentKind::arena, bus_->broker_uid(), sys::Access::read_only).value();
    live_ = shm::open_ring(arena_.bytes(), here->offset, here->ring_id).value();
    extent_ = arena_.bytes().subspan(here->offset, shm::ring_extent_bytes(here->capacity));
    memory_ = PageMemory(shm::kPage + extent_.size());
    take_copy();
    copy_ = shm::open_ring(std::span<std::byte const>(memory_.bytes()), shm::kPage, here->ring_id).value();
}

void WatchedRing::take_copy() { std::memcpy(memory_.bytes().data() + shm::kPage, extent_.data(), extent_.size()); }

namespace {

struct MemberOfRing {
    shm::Snapshot<shm::SessionEntry> session;
    std::uint32_t cursor;
};

MemberOfRing member_of(WatchedRing const& ring) {
    auto const& directory = ring.bus().directory();
    auto const chain = shm::members_of_ring(directory, ring.index(), ring.live().ring_id).value();
    auto const& member = *chain.links.back().entry;
    return {directory.snapshot<shm::SessionEntry>(member.session).value(), member.cursor};
}

}  // namespace

WatchedCursor::WatchedCursor(WatchedRing const& ring) : ring_id_(ring.live().ring_id) {
    auto const member = member_of(ring);
    segment_ =
        shm::AttachedSegment::open(member.session->cursors, shm::SegmentKind::cursors, ring.bus().broker_uid(), sys::Access::read_only)
            .value();
    cursor_ = shm::CursorsView::open(segment_.bytes()).value().cursor(member.cursor);
}

WatchedBells::WatchedBells(WatchedRing const& ring) : set_(member_of(ring).session->bells.id), base_(member_of(ring).session->bell_base) {}

// The first bell of a session is that of its requests.
bool WatchedBells::has_sleeper() const {
    for (unsigned waiter = 1; waiter < shm::kWaitersPerSession; ++waiter)
        if (::semctl(set_, static_cast<int>(base_ + waiter), GETNCNT) > 0) return true;
    return false;
}

bool WatchedBells::is_rung() const {
    for (unsigned waiter = 1; waiter < shm::kWaitersPerSession; ++waiter)
        if (::semctl(set_, static_cast<int>(base_ + waiter), GETVAL) > 0) return true;
    return false;
}

void WatchedBells::ring() const {
    for (unsigned waiter = 1; waiter < shm::kWaitersPerSession; ++waiter) {
        sembuf post{.sem_num = static_cast<unsigned short>(base_ + waiter), .sem_op = 1, .sem_flg = 0};
        (void)::semop(set_, &post, 1);
    }
}

}  // namespace bus::test

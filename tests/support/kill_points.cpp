// Segments made read-only, faults, one step.
#include "support/kill_points.hpp"

#include <sys/mman.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>

namespace bus::test {

namespace {

constexpr unsigned kLongestRepetition = 1U << 20;

}  // namespace

std::optional<KillPoint> KillPoints::next(long end_mark) {
    auto const point = find_next(end_mark);
    return point && ends_ && ends_(*point) ? std::nullopt : point;
}

std::optional<KillPoint> KillPoints::find_next(long end_mark) {
    for (;;) {
        auto const stop = stepper_.run_to_syscall();
        switch (stop.kind) {
            case Stop::Kind::ended:
                return std::nullopt;
            case Stop::Kind::mark:
                if (stop.number == end_mark) return std::nullopt;
                break;
            case Stop::Kind::syscall_entry:
                syscall_ = stop.number;
                store_ = 0;
                at_exit_ = false;
                return KillPoint{KillPoint::Kind::entry, syscall_, ++boundary_, 0, stop.instruction};
            case Stop::Kind::syscall_exit:
                if (auto const point = at_exit(stop)) return point;
                break;
            case Stop::Kind::fault:
                if (auto const point = at_fault(stop)) return point;
                break;
            case Stop::Kind::instruction:
                break;  // behind an exec, or a signal of the tracer's
        }
    }
}

std::optional<KillPoint> KillPoints::run_to(KillPoint const& wanted, long end_mark) {
    for (;;) {
        watch_stores(wanted.store > 0 && boundary_ + 1 >= wanted.boundary);
        auto const point = next(end_mark);
        if (!point || point->boundary > wanted.boundary) return point;
        if (point->boundary == wanted.boundary && point->store >= wanted.store) return point;
    }
}

std::optional<KillPoint> KillPoints::at_exit(Stop const& stop) {
    store_ = 0;
    at_exit_ = true;
    if (syscall_ == SYS_shmat || syscall_ == SYS_shmdt || wanted_ != watches_) follow_wish();
    if (syscall_ == SYS_madvise && stop.number < 0 && watches_) {
        protect(false);
        stepper_.do_last_call_again();
        protect(true);
    }
    return KillPoint{KillPoint::Kind::exit, syscall_, ++boundary_, 0, stop.instruction};
}

void KillPoints::watch_stores(bool on) {
    wanted_ = on;
    if (at_exit_ && store_ == 0 && wanted_ != watches_) follow_wish();
}

void KillPoints::follow_wish() {
    if (watches_ && !wanted_) protect(false);
    watches_ = wanted_;
    if (!watches_) return;
    stepper_.catch_faults();
    find_segments();
    protect(true);
}

std::optional<KillPoint> KillPoints::at_fault(Stop const& stop) {
    if (!watches_ || !holds(stepper_.fault_address())) {
        stepper_.deliver_fault();  // a real one
        return std::nullopt;
    }
    protect(false);
    auto const repeated = is_repeated(stop.instruction);
    for (unsigned i = 0; i < kLongestRepetition; ++i) {
        if (stepper_.step().kind == Stop::Kind::ended) return std::nullopt;
        if (!repeated || stepper_.instruction_pointer() != stop.instruction) break;
    }
    protect(true);
    return KillPoint{KillPoint::Kind::store, syscall_, boundary_, ++store_, stop.instruction};
}

// Those attached for writing: "7f...-7f... rw-s 00000000 00:01 3 /SYSV5a5a5a5a". What we have made read-only is known already.
void KillPoints::find_segments() {
    std::vector<Range> found;
    std::ifstream maps("/proc/" + std::to_string(stepper_.child().pid()) + "/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find("/SYSV") == std::string::npos) continue;
        std::istringstream words(line);
        Range range{};
        char dash = 0;
        std::string rights;
        words >> std::hex >> range.begin >> dash >> range.end >> rights;
        if (rights.starts_with("rw") || holds(range.begin)) found.push_back(range);
    }
    ranges_ = std::move(found);
}

void KillPoints::protect(bool read_only) {
    auto const rights = static_cast<std::uint64_t>(read_only ? PROT_READ : PROT_READ | PROT_WRITE);
    for (auto const& range : ranges_) (void)stepper_.call(SYS_mprotect, range.begin, range.end - range.begin, rights);
}

bool KillPoints::holds(std::uint64_t address) const {
    return std::ranges::any_of(ranges_, [&](Range const& range) { return address >= range.begin && address < range.end; });
}

// rep movs, rep stos: a trap after each repetition.
bool KillPoints::is_repeated(std::uint64_t instruction) const {
    std::array<unsigned char, 3> code{};
    iovec const ours{code.data(), code.size()};
    iovec const theirs{reinterpret_cast<void*>(instruction), code.size()};  // NOLINT(performance-no-int-to-ptr): of the other process
    if (::process_vm_readv(stepper_.child().pid(), &ours, 1, &theirs, 1, 0) != static_cast<ssize_t>(code.size())) return false;
    auto const operation = code[1] == 0x48 ? code[2] : code[1];
    return code[0] == 0xf3 && (operation == 0xa4 || operation == 0xa5 || operation == 0xaa || operation == 0xab);
}

}  // namespace bus::test

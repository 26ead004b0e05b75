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
constexpr unsigned kLoop = 64;  // stores of one instruction between two boundaries, from which on it is one
constexpr std::uint64_t kPage = 4096;

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
                at_exit_ = false;
                return boundary(KillPoint::Kind::entry, stop);
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
    bool const is_store = wanted.kind == KillPoint::Kind::store;
    auto const exit_before = [&](KillPoint const& point) {
        return point.kind == KillPoint::Kind::exit && point.syscall == wanted.syscall && point.occurrence == wanted.occurrence;
    };
    watch_stores(is_store && wanted.syscall < 0);
    for (;;) {
        auto const point = next(end_mark);
        if (!point) return point;
        if (is_store && point->kind != KillPoint::Kind::store) {
            if (watches_) return point;  // another call came before so many stores
            watch_stores(exit_before(*point));
        } else if (point->kind == wanted.kind && point->syscall == wanted.syscall && point->occurrence == wanted.occurrence &&
                   point->store >= wanted.store) {
            return point;
        }
    }
}

KillPoint KillPoints::boundary(KillPoint::Kind kind, Stop const& stop) {
    store_ = 0;
    stores_of_.clear();
    return {kind, syscall_, ++occurrences_[{kind, syscall_}], 0, stop.instruction};
}

std::optional<KillPoint> KillPoints::at_exit(Stop const& stop) {
    at_exit_ = true;
    if (syscall_ == SYS_shmat || syscall_ == SYS_shmdt || wanted_ != watches_ || loosened_) follow_wish();
    if (syscall_ == SYS_madvise && stop.number < 0 && watches_) {
        protect(false);
        stepper_.do_last_call_again();
        protect(true);
    }
    return boundary(KillPoint::Kind::exit, stop);
}

void KillPoints::watch_stores(bool on) {
    wanted_ = on;
    if (at_exit_ && store_ == 0 && wanted_ != watches_) follow_wish();
}

void KillPoints::follow_wish() {
    if (watches_ && !wanted_) protect(false);
    watches_ = wanted_;
    loosened_ = false;
    if (!watches_) return;
    stepper_.catch_faults();
    find_segments();
    protect(true);
}

std::optional<KillPoint> KillPoints::at_fault(Stop const& stop) {
    auto const* const range = range_of(stepper_.fault_address());
    if (!watches_ || range == nullptr) {
        stepper_.deliver_fault();  // a real one
        return std::nullopt;
    }
    bool const loops = ++stores_of_[stop.instruction] > kLoop;
    auto const page = stepper_.fault_address() & ~(kPage - 1);
    auto const opened = loops ? Range{page, page + kPage} : *range;
    set_writable(opened, true);
    auto const repeated = is_repeated(stop.instruction);
    for (unsigned i = 0; i < kLongestRepetition; ++i) {
        if (stepper_.step().kind == Stop::Kind::ended) return std::nullopt;
        if (!repeated || stepper_.instruction_pointer() != stop.instruction) break;
    }
    loosened_ |= loops;
    if (!loops) set_writable(opened, false);
    return KillPoint{KillPoint::Kind::store, syscall_, occurrences_[{KillPoint::Kind::exit, syscall_}], ++store_, stop.instruction};
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
        if (!found.empty() && found.back().end == range.begin && range_of(found.back().begin) == range_of(range.begin) &&
            range_of(range.begin)) {
            found.back().end = range.end;  // pieces of one, with different rights
            continue;
        }
        if (rights.starts_with("rw") || range_of(range.begin) != nullptr) found.push_back(range);
    }
    ranges_ = std::move(found);
}

void KillPoints::protect(bool read_only) {
    for (auto const& range : ranges_) set_writable(range, !read_only);
}

void KillPoints::set_writable(Range const& range, bool writable) {
    (void)stepper_.call(SYS_mprotect, range.begin, range.end - range.begin,
                        static_cast<std::uint64_t>(writable ? PROT_READ | PROT_WRITE : PROT_READ));
}

KillPoints::Range const* KillPoints::range_of(std::uint64_t address) const {
    auto const found = std::ranges::find_if(ranges_, [&](Range const& range) { return address >= range.begin && address < range.end; });
    return found != ranges_.end() ? &*found : nullptr;
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

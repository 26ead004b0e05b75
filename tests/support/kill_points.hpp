// Walks a traced process from one moment to the next at which its death can leave something behind for others: each entry and exit of a
// system call, and after each store to shared memory.
//
// Stores are found without single steps: the process's System V segments are made read-only under its feet (by mprotect calls that it is
// made to do), so that each store to them faults; then the segment is made writable, the one instruction executed, the segment made
// read-only again. Between stores it runs at full speed. What the kernel stores (MADV_POPULATE_WRITE) is done over with the segment
// writable. A repeated string instruction (`rep movs`) counts as one store, and of a loop that stores again and again only the first
// stores and one a page are seen.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "support/stepper.hpp"

namespace bus::test {

/// Named so that another run has it too, though it naps more or less often in between.
struct KillPoint {
    enum class Kind { entry, exit, store } kind = Kind::entry;
    long syscall = -1;              // number of the call; of a store: of the last one before it, -1: there was none
    unsigned occurrence = 0;        // of this entry or exit in this run: the first is 1
    unsigned store = 0;             // so many stores since that exit
    std::uint64_t instruction = 0;  // pointer to it; of a store: to the one that stored
};

class KillPoints {
public:
    explicit KillPoints(Stepper& stepper, bool at_exit = false) : stepper_(stepper), at_exit_(at_exit) {}

    /// The next one. None: the process has ended, or stands at that mark.
    std::optional<KillPoint> next(long end_mark = -1);
    /// Goes on to the same point in this run. Stores are looked at only behind the last exit before it. None: it did not come to it.
    std::optional<KillPoint> run_to(KillPoint const& wanted, long end_mark = -1);
    /// From the next exit of a system call on; where it stands at one, from here on.
    void watch_stores(bool on);
    /// Looks at each point: true, and there is no next one.
    void end_when(std::function<bool(KillPoint const& point)> condition) { ends_ = std::move(condition); }

private:
    struct Range {
        std::uint64_t begin, end;
    };
    std::optional<KillPoint> find_next(long end_mark);
    KillPoint boundary(KillPoint::Kind kind, Stop const& stop);
    std::optional<KillPoint> at_exit(Stop const& stop);
    std::optional<KillPoint> at_fault(Stop const& stop);
    void follow_wish();
    void find_segments();
    void protect(bool read_only);
    void set_writable(Range const& range, bool writable);
    Range const* range_of(std::uint64_t address) const;
    bool is_repeated(std::uint64_t instruction) const;

    Stepper& stepper_;
    std::vector<Range> ranges_;
    std::function<bool(KillPoint const& point)> ends_;
    bool at_exit_, wanted_ = false, watches_ = false;
    long syscall_ = -1;                            // we are in, or were last
    unsigned store_ = 0;                           // since the last boundary, as the next two
    std::map<std::uint64_t, unsigned> stores_of_;  // by instruction
    bool loosened_ = false;                        // some pages are writable
    std::map<std::pair<KillPoint::Kind, long>, unsigned> occurrences_;
};

}  // namespace bus::test

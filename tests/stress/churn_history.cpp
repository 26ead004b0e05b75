// Writing the history down.
#include "churn_history.hpp"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace bus::test::churn {

char const* text_of(Phase phase) {
    switch (phase) {
        case Phase::starting:
            return "starting";
        case Phase::outside:
            return "outside";
        case Phase::publishing:
            return "publishing";
        case Phase::receiving:
            return "receiving";
        case Phase::polling:
            return "polling";
        case Phase::leaving:
            return "leaving";
        case Phase::ended:
            return "ended";
    }
    return "?";
}

std::string topic_name(std::uint32_t topic) { return "churn/" + std::string(1, static_cast<char>('a' + topic)); }

// A process that dies here leaves `open`: its sums may be one message apart then.
void note(Cell& cell, Got const& got, bool exact) {
    cell.open = 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    auto const wrong = [&](std::uint64_t& count) {
        if (cell.wrong_at == 0) cell.wrong_at = got.sequence;
        ++count;
    };
    if (!got.whole) wrong(cell.torn);
    if (!cell.any()) cell.base = got.sequence - 1 - got.lost_before;
    auto const expected = (cell.any() ? cell.last : cell.base) + 1 + got.lost_before;
    if (got.sequence != expected) wrong(cell.disordered);
    // Where we know how many were given up since the last one that we know of.
    if (cell.any() || cell.base == 0) {
        auto const given_up = got.dropped - cell.dropped;
        if (exact ? got.lost_before != given_up : got.lost_before < given_up) wrong(cell.miscounted);
    }
    cell.dropped = got.dropped;
    cell.last = got.sequence;
    cell.lost += got.lost_before;
    ++cell.received;
    std::atomic_signal_fence(std::memory_order_seq_cst);
    cell.open = 0;
}

void ClientRecord::complain(std::string const& what) {
    if (trouble[0] == '\0') std::strncpy(trouble.data(), what.c_str(), trouble.size() - 1);
}

// Pages that nobody touches cost nothing.
History::History() {
    void* const memory = ::mmap(nullptr, sizeof(Memory), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        std::perror("mmap of the history");
        std::abort();
    }
    memory_ = static_cast<Memory*>(memory);
}

History::~History() { ::munmap(memory_, sizeof(Memory)); }

}  // namespace bus::test::churn

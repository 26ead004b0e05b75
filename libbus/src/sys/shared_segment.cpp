// SysV shared memory.
#include "sys/shared_segment.hpp"

#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <fstream>
#include <string>

#include "sys/syscall.hpp"

namespace bus::sys {

namespace {

std::string name(int id) { return "segment " + std::to_string(id); }

Result<void> control(int id, int command, shmid_ds* data, char const* command_name) {
    if (::shmctl(id, command, data) >= 0) return {};
    int const why = errno;
    return call_failed(why == EINVAL ? Errc::not_found : errc_of(why), why, "shmctl", std::to_string(id) + ", " + command_name, name(id));
}

/// SHM_STAT_ANY needs no permission but takes an index: the low bits of an id. What lies there may be a later object.
Result<shmid_ds> read_state(int id) {
    shmid_ds state{};
    if (::shmctl(id, IPC_STAT, &state) == 0) return state;
    int const why = errno;
    if (why == EACCES && ::shmctl(id, SHM_STAT_ANY, &state) == id) return state;
    return call_failed(why == EINVAL ? Errc::not_found : errc_of(why), why, "shmctl", std::to_string(id) + ", IPC_STAT", name(id));
}

std::string describe(SegmentOptions const& options) {
    return "key " + hex(static_cast<std::uint32_t>(options.key)) + ", " + std::to_string(options.size_bytes) + " bytes, mode " +
           octal(options.mode);
}

/// The mapping that an address lies in, as the kernel has it; empty where it can't be told.
std::span<std::byte> whole_mapping(std::byte* address) {
    auto const wanted = reinterpret_cast<std::uintptr_t>(address);
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t begin = 0, end = 0;
        if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR, &begin, &end) != 2 || wanted < begin || wanted >= end) continue;
        return {reinterpret_cast<std::byte*>(begin), end - begin};
    }
    return {};
}

/// madvise refuses to split a huge page: then it is asked for the whole mapping, and never for a byte behind it (a neighbour that a fork
/// leaves out is a library, or the heap, that the child lacks).
bool advise(std::byte* address, std::size_t size_bytes, int advice) {
    if (::madvise(address, size_bytes, advice) == 0) return true;
    if (errno != EINVAL) return false;
    auto const whole = whole_mapping(address);
    if (!whole.empty() && ::madvise(whole.data(), whole.size(), advice) == 0) return true;
    errno = EINVAL;
    return false;
}

/// For kernels before 5.14. Adds zero to a byte of each page, so that another's write at the same time is not undone.
void touch_each_page(std::byte* address, std::size_t size_bytes) noexcept {
    auto const page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    for (std::size_t at = 0; at < size_bytes; at += page) {
        std::atomic_ref(*reinterpret_cast<unsigned char*>(address + at)).fetch_add(0, std::memory_order_relaxed);
    }
}

}  // namespace

Result<Segment> Segment::open(key_t key) {
    int const id = ::shmget(key, 0, 0);
    if (id < 0) return call_failed(errno, "shmget", "key " + hex(static_cast<std::uint32_t>(key)));
    return Segment(id);
}

Result<SegmentStat> Segment::stat() const {
    auto const state = read_state(id_);
    if (!state) return state.error();
    return SegmentStat{permissions_of(state->shm_perm), state->shm_segsz, state->shm_nattch, state->shm_cpid,
                       (state->shm_perm.mode & SHM_DEST) != 0};
}

Result<void> Segment::set_owner(Ownership const& to) const {
    auto state = read_state(id_);
    if (!state) return state.error();
    apply(to, state->shm_perm);
    return control(id_, IPC_SET, &*state, "IPC_SET");
}

Result<void> Segment::remove() const { return control(id_, IPC_RMID, nullptr, "IPC_RMID"); }

Result<OwnedSegment> OwnedSegment::create(SegmentOptions const& options) {
    if (options.size_bytes == 0) return Error(Errc::invalid, "a segment of 0 bytes can't be made (" + describe(options) + ")");
    int const flags = IPC_CREAT | IPC_EXCL | static_cast<int>(options.mode & 0777);
    if (options.huge_pages) {
        int const huge = ::shmget(options.key, options.size_bytes, flags | SHM_HUGETLB);
        if (huge >= 0) return OwnedSegment(huge, true);
        if (errno == EEXIST) return call_failed(errno, "shmget", describe(options));
    }
    int const id = ::shmget(options.key, options.size_bytes, flags);
    if (id >= 0) return OwnedSegment(id, false);
    int const why = errno;
    return call_failed(why == EINVAL ? Errc::too_large : errc_of(why), why, "shmget", describe(options));
}

OwnedSegment& OwnedSegment::operator=(OwnedSegment&& other) noexcept {
    std::swap(guard_, other.guard_);
    std::swap(id_, other.id_);
    std::swap(huge_, other.huge_);
    return *this;
}

OwnedSegment::~OwnedSegment() {
    if (id_ >= 0 && !guard_.in_child()) ::shmctl(id_, IPC_RMID, nullptr);
}

Result<void> OwnedSegment::remove() { return Segment(std::exchange(id_, -1)).remove(); }

Result<SegmentMapping> SegmentMapping::attach(int id, Access access) {
    void* const address = ::shmat(id, nullptr, access == Access::read_only ? SHM_RDONLY : 0);
    auto const arguments = std::to_string(id) + (access == Access::read_only ? ", read-only" : ", read-write");
    if (address == reinterpret_cast<void*>(-1)) {
        int const why = errno;
        return call_failed(why == EINVAL ? Errc::not_found : errc_of(why), why, "shmat", arguments, name(id));
    }
    SegmentMapping mapping;  // owns it from here on
    mapping.address_ = static_cast<std::byte*>(address);
    mapping.id_ = id;
    mapping.access_ = access;
    // Asked after attaching: as long as we hold it the id is this segment's, so the size belongs to it.
    auto const state = read_state(id);
    if (!state) return state.error();
    mapping.size_bytes_ = state->shm_segsz;
    if (!advise(mapping.address_, mapping.size_bytes_, MADV_DONTFORK)) {
        return call_failed(errno, "madvise", std::to_string(mapping.size_bytes_) + " bytes, MADV_DONTFORK", name(id));
    }
    return mapping;
}

SegmentMapping::SegmentMapping(SegmentMapping&& other) noexcept
    : guard_(other.guard_),
      address_(std::exchange(other.address_, nullptr)),
      size_bytes_(std::exchange(other.size_bytes_, 0)),
      id_(std::exchange(other.id_, -1)),
      access_(other.access_) {}

SegmentMapping& SegmentMapping::operator=(SegmentMapping&& other) noexcept {
    if (this != &other) {
        detach();
        guard_ = other.guard_;
        address_ = std::exchange(other.address_, nullptr);
        size_bytes_ = std::exchange(other.size_bytes_, 0);
        id_ = std::exchange(other.id_, -1);
        access_ = other.access_;
    }
    return *this;
}

SegmentMapping::~SegmentMapping() { detach(); }

// A forked child never had the mapping; at that address may lie one of its own.
void SegmentMapping::detach() noexcept {
    if (address_ != nullptr && !guard_.in_child()) ::shmdt(address_);
    address_ = nullptr;
    size_bytes_ = 0;
}

Result<void> SegmentMapping::populate(std::size_t offset, std::size_t bytes) const {
    auto const all = writable_bytes();
    constexpr std::size_t kPageMask = 4095;
    auto const begin = std::min(offset, all.size()) & ~kPageMask;
    auto const memory = all.subspan(begin, std::min(bytes + (std::min(offset, all.size()) - begin), all.size() - begin));
    if (all.empty()) return Error(Errc::invalid, name(id_) + " is not attached for writing, so its pages can't be populated");
    if (advise(memory.data(), memory.size(), MADV_POPULATE_WRITE)) return {};
    if (errno != EINVAL) return call_failed(errno, "madvise", std::to_string(memory.size()) + " bytes, MADV_POPULATE_WRITE", name(id_));
    touch_each_page(memory.data(), memory.size());
    return {};
}

}  // namespace bus::sys

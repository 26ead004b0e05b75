// The layouts, pinned: every field where layout_fields.hpp says, the same for every compiler.
#include <cstddef>
#include <type_traits>

#include "shm/layout_fields.hpp"

namespace bus::shm {

#define BUS_ASSERT_TYPE(type, bytes, alignment)                                                      \
    static_assert(std::is_standard_layout_v<type> && std::is_trivially_destructible_v<type>, #type); \
    static_assert(sizeof(type) == (bytes) && alignof(type) == (alignment), #type " has another size");
#define BUS_ASSERT_FIELD(type, field, offset, bytes) \
    static_assert(offsetof(type, field) == (offset) && sizeof(type::field) == (bytes), #type "::" #field " moved");

BUS_SHM_TYPES(BUS_ASSERT_TYPE)
BUS_SHM_FIELDS(BUS_ASSERT_FIELD)

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "a lock inside shared memory would be private");
static_assert(std::atomic<std::uint32_t>::is_always_lock_free, "a lock inside shared memory would be private");
static_assert(kRecordAlign == sizeof(RecordHead), "what is left at the end of the area always holds a padding's head");
static_assert(sizeof(RingHead) <= kPage);

}  // namespace bus::shm

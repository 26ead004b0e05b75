// Every field of every structure in shared memory and in the registry: where it lies and how many bytes it has. layout.cpp asserts that the
// compiler agrees, tests/unit/shm_layout_test.cpp that docs/shared-memory.md does.
#pragma once

#include "shm/cursor_layout.hpp"
#include "shm/directory_layout.hpp"
#include "shm/origin_layout.hpp"
#include "shm/registry_layout.hpp"

// X(type, bytes, alignment)
#define BUS_SHM_TYPES(X)          \
    X(SegmentHead, 64, 8)         \
    X(ObjectRef, 24, 8)           \
    X(RingHead, 2048, 1024)       \
    X(IndexEntry, 16, 8)          \
    X(RecordHead, 32, 8)          \
    X(RecordOrigin, 32, 8)        \
    X(CursorSegment, 2176, 128)   \
    X(Waiter, 64, 64)             \
    X(Cursor, 64, 64)             \
    X(AttentionSegment, 4160, 64) \
    X(AttentionCounter, 64, 64)   \
    X(DirectoryHead, 440, 8)      \
    X(Table, 24, 8)               \
    X(EntryHead, 8, 4)            \
    X(UserEntry, 112, 8)          \
    X(SessionEntry, 208, 8)       \
    X(TopicEntry, 568, 8)         \
    X(RingEntry, 128, 8)          \
    X(SubscriptionEntry, 568, 8)  \
    X(MemberEntry, 72, 8)         \
    X(SchemaEntry, 56, 8)         \
    X(RegistryRecord, 128, 8)

// X(type, field, offset, bytes)
#define BUS_SHM_FIELDS(X)                       \
    X(SegmentHead, magic_version, 0, 8)         \
    X(SegmentHead, cookie, 8, 16)               \
    X(SegmentHead, kind, 24, 4)                 \
    X(SegmentHead, owner_uid, 28, 4)            \
    X(SegmentHead, bytes, 32, 8)                \
    X(SegmentHead, generation, 40, 8)           \
    X(SegmentHead, object, 48, 8)               \
    X(SegmentHead, reserved, 56, 8)             \
    X(ObjectRef, id, 0, 4)                      \
    X(ObjectRef, key, 4, 4)                     \
    X(ObjectRef, cookie, 8, 16)                 \
    X(RingHead, magic_version, 0, 8)            \
    X(RingHead, ring_id, 8, 8)                  \
    X(RingHead, session_id, 16, 8)              \
    X(RingHead, capacity, 24, 8)                \
    X(RingHead, index_offset, 32, 8)            \
    X(RingHead, data_offset, 40, 8)             \
    X(RingHead, history, 48, 8)                 \
    X(RingHead, retain, 56, 4)                  \
    X(RingHead, when_full, 60, 4)               \
    X(RingHead, topic, 64, 256)                 \
    X(RingHead, type, 320, 256)                 \
    X(RingHead, lineage, 576, 8)                \
    X(RingHead, numbered_before, 584, 8)        \
    X(RingHead, carried, 592, 8)                \
    X(RingHead, reserve, 1024, 8)               \
    X(RingHead, tail, 1088, 8)                  \
    X(RingHead, sequence, 1096, 8)              \
    X(RingHead, limit, 1152, 8)                 \
    X(RingHead, fenced, 1160, 4)                \
    X(RingHead, dropped, 1216, 8)               \
    X(RingHead, waited_ns, 1224, 8)             \
    X(RingHead, held_by, 1232, 8)               \
    X(RingHead, left, 1240, 8)                  \
    X(IndexEntry, position, 0, 8)               \
    X(IndexEntry, sequence, 8, 8)               \
    X(RecordHead, bytes, 0, 4)                  \
    X(RecordHead, kind, 4, 2)                   \
    X(RecordHead, extension_bytes, 6, 2)        \
    X(RecordHead, sequence, 8, 8)               \
    X(RecordHead, sent_steady_ns, 16, 8)        \
    X(RecordHead, sent_wall_ns, 24, 8)          \
    X(RecordOrigin, publisher, 0, 8)            \
    X(RecordOrigin, sequence, 8, 8)             \
    X(RecordOrigin, sent_ns, 16, 8)             \
    X(RecordOrigin, host_bytes, 24, 4)          \
    X(RecordOrigin, reserved, 28, 4)            \
    X(CursorSegment, head, 0, 64)               \
    X(CursorSegment, waiter_count, 64, 4)       \
    X(CursorSegment, cursor_count, 68, 4)       \
    X(CursorSegment, waiters, 128, 2048)        \
    X(Waiter, sleep_epoch, 0, 8)                \
    X(Waiter, topics, 8, 8)                     \
    X(Waiter, bell, 16, 4)                      \
    X(Cursor, ring_id, 0, 8)                    \
    X(Cursor, position, 8, 8)                   \
    X(Cursor, sequence, 16, 8)                  \
    X(Cursor, received, 24, 8)                  \
    X(Cursor, lost, 32, 8)                      \
    X(AttentionSegment, head, 0, 64)            \
    X(AttentionSegment, counters, 64, 4096)     \
    X(AttentionCounter, count, 0, 8)            \
    X(DirectoryHead, head, 0, 64)               \
    X(DirectoryHead, bus_name, 64, 72)          \
    X(DirectoryHead, broker_version, 136, 24)   \
    X(DirectoryHead, broker_pid, 160, 4)        \
    X(DirectoryHead, broker_uid, 164, 4)        \
    X(DirectoryHead, since_wall_ns, 168, 8)     \
    X(DirectoryHead, generation, 176, 8)        \
    X(DirectoryHead, epoch, 184, 8)             \
    X(DirectoryHead, ipc_namespace, 192, 8)     \
    X(DirectoryHead, moved_to, 200, 24)         \
    X(DirectoryHead, rendezvous, 224, 24)       \
    X(DirectoryHead, alive, 248, 24)            \
    X(DirectoryHead, users, 272, 24)            \
    X(DirectoryHead, sessions, 296, 24)         \
    X(DirectoryHead, topics, 320, 24)           \
    X(DirectoryHead, rings, 344, 24)            \
    X(DirectoryHead, subscriptions, 368, 24)    \
    X(DirectoryHead, members, 392, 24)          \
    X(DirectoryHead, schemas, 416, 24)          \
    X(Table, offset, 0, 8)                      \
    X(Table, entry_bytes, 8, 4)                 \
    X(Table, capacity, 12, 4)                   \
    X(Table, used, 16, 4)                       \
    X(Table, reserved, 20, 4)                   \
    X(EntryHead, version, 0, 4)                 \
    X(EntryHead, state, 4, 4)                   \
    X(UserEntry, head, 0, 8)                    \
    X(UserEntry, uid, 8, 4)                     \
    X(UserEntry, reserved, 12, 4)               \
    X(UserEntry, lobby, 16, 24)                 \
    X(UserEntry, requests, 40, 24)              \
    X(UserEntry, tokens, 64, 24)                \
    X(UserEntry, attention, 88, 24)             \
    X(SessionEntry, head, 0, 8)                 \
    X(SessionEntry, session_id, 8, 8)           \
    X(SessionEntry, cookie, 16, 16)             \
    X(SessionEntry, user, 32, 4)                \
    X(SessionEntry, uid, 36, 4)                 \
    X(SessionEntry, gid, 40, 4)                 \
    X(SessionEntry, pid, 44, 4)                 \
    X(SessionEntry, pid_start, 48, 8)           \
    X(SessionEntry, since_wall_ns, 56, 8)       \
    X(SessionEntry, cursors, 64, 24)            \
    X(SessionEntry, bells, 88, 24)              \
    X(SessionEntry, bell_base, 112, 4)          \
    X(SessionEntry, subscriptions, 116, 4)      \
    X(SessionEntry, last_request, 120, 8)       \
    X(SessionEntry, last_status, 128, 4)        \
    X(SessionEntry, last_index, 132, 4)         \
    X(SessionEntry, name, 136, 64)              \
    X(SessionEntry, end, 200, 4)                \
    X(SessionEntry, token_lost, 204, 4)         \
    X(TopicEntry, head, 0, 8)                   \
    X(TopicEntry, topic_id, 8, 8)               \
    X(TopicEntry, first_ring, 16, 4)            \
    X(TopicEntry, publishers, 24, 4)            \
    X(TopicEntry, subscribers, 28, 4)           \
    X(TopicEntry, observers, 32, 4)             \
    X(TopicEntry, schema, 36, 4)                \
    X(TopicEntry, reserved, 20, 4)              \
    X(TopicEntry, lost, 40, 8)                  \
    X(TopicEntry, epoch, 48, 8)                 \
    X(TopicEntry, name, 56, 256)                \
    X(TopicEntry, type, 312, 256)               \
    X(RingEntry, head, 0, 8)                    \
    X(RingEntry, ring_id, 8, 8)                 \
    X(RingEntry, session_id, 16, 8)             \
    X(RingEntry, session, 24, 4)                \
    X(RingEntry, topic, 28, 4)                  \
    X(RingEntry, next_in_topic, 32, 4)          \
    X(RingEntry, first_member, 36, 4)           \
    X(RingEntry, uid, 40, 4)                    \
    X(RingEntry, request, 44, 4)                \
    X(RingEntry, segment, 48, 24)               \
    X(RingEntry, offset, 72, 8)                 \
    X(RingEntry, capacity, 80, 8)               \
    X(RingEntry, final_tail, 88, 8)             \
    X(RingEntry, member_epoch, 96, 8)           \
    X(RingEntry, schema, 104, 4)                \
    X(RingEntry, kept, 108, 4)                  \
    X(RingEntry, folded, 112, 16)               \
    X(SubscriptionEntry, head, 0, 8)            \
    X(SubscriptionEntry, subscription_id, 8, 8) \
    X(SubscriptionEntry, session_id, 16, 8)     \
    X(SubscriptionEntry, session, 24, 4)        \
    X(SubscriptionEntry, kind, 28, 4)           \
    X(SubscriptionEntry, first_member, 32, 4)   \
    X(SubscriptionEntry, request, 36, 4)        \
    X(SubscriptionEntry, epoch, 40, 8)          \
    X(SubscriptionEntry, pattern, 48, 256)      \
    X(SubscriptionEntry, type, 304, 256)        \
    X(SubscriptionEntry, schema, 560, 4)        \
    X(SubscriptionEntry, reserved, 564, 4)      \
    X(MemberEntry, head, 0, 8)                  \
    X(MemberEntry, ring, 8, 4)                  \
    X(MemberEntry, subscription, 12, 4)         \
    X(MemberEntry, ring_id, 16, 8)              \
    X(MemberEntry, subscription_id, 24, 8)      \
    X(MemberEntry, session_id, 32, 8)           \
    X(MemberEntry, session, 40, 4)              \
    X(MemberEntry, cursor, 44, 4)               \
    X(MemberEntry, kind, 48, 4)                 \
    X(MemberEntry, joined_later, 52, 4)         \
    X(MemberEntry, start, 56, 8)                \
    X(MemberEntry, next_in_ring, 64, 4)         \
    X(MemberEntry, next_in_subscription, 68, 4) \
    X(SchemaEntry, head, 0, 8)                  \
    X(SchemaEntry, hash, 8, 8)                  \
    X(SchemaEntry, segment, 16, 24)             \
    X(SchemaEntry, offset, 40, 8)               \
    X(SchemaEntry, bytes, 48, 8)                \
    X(RegistryRecord, magic, 0, 4)              \
    X(RegistryRecord, checksum, 4, 4)           \
    X(RegistryRecord, kind, 8, 2)               \
    X(RegistryRecord, object, 10, 2)            \
    X(RegistryRecord, layout_version, 12, 4)    \
    X(RegistryRecord, key, 16, 4)               \
    X(RegistryRecord, id, 20, 4)                \
    X(RegistryRecord, cookie, 24, 16)           \
    X(RegistryRecord, generation, 40, 8)        \
    X(RegistryRecord, ipc_namespace, 48, 8)     \
    X(RegistryRecord, uid, 56, 4)               \
    X(RegistryRecord, reserved, 60, 4)          \
    X(RegistryRecord, text, 64, 64)

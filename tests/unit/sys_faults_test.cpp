// What becomes of each errno the kernel's calls may fail with: the right Errc, the errno kept, and nothing left behind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "support/fault_shim.hpp"
#include "support/temporary_directory.hpp"
#include "sys/barrier.hpp"
#include "sys/directory.hpp"
#include "sys/event_fd.hpp"
#include "sys/fifo.hpp"
#include "sys/ipc_key.hpp"
#include "sys/message_queue.hpp"
#include "sys/poller.hpp"
#include "sys/record_lock.hpp"
#include "sys/semaphore_set.hpp"
#include "sys/shared_segment.hpp"

namespace bus::test {

namespace {

struct Case {
    char const* call;
    int error_number;
    Errc wanted;
};

/// Each case once: the error says what it should, and the same operation works right afterwards.
void check(std::initializer_list<Case> cases, std::function<Error()> const& operation) {
    for (auto const& one : cases) {
        fault::Scope const scope;
        fault::fail(one.call, 1, one.error_number);
        auto const error = operation();
        auto const name = std::string(one.call) + " with errno " + std::to_string(one.error_number);
        EXPECT_TRUE(fault::struck()) << name;
        EXPECT_EQ(error.code(), one.wanted) << name << ": " << error.what();
        if (one.wanted != Errc::would_block && one.wanted != Errc::timeout && one.wanted != Errc::ok) {
            EXPECT_EQ(error.detail(), one.error_number) << name << ": " << error.what();
            EXPECT_NE(error.what(), to_string(one.wanted)) << name;
        }
        EXPECT_EQ(operation().code(), Errc::ok) << name;
    }
}

template <class T>
Error error_of(Result<T> const& result) {
    return result ? Error() : result.error();
}

}  // namespace

TEST(Faults, OfMessageQueues) {
    check({{"msgget", EEXIST, Errc::conflict}, {"msgget", ENOSPC, Errc::limit}, {"msgget", ENOMEM, Errc::limit}},
          [] { return error_of(sys::OwnedQueue::create(77, 0600)); });
    auto const queue = sys::OwnedQueue::create(77, 0600).value();
    check({{"msgget", ENOENT, Errc::not_found}, {"msgget", EACCES, Errc::not_permitted}}, [] { return error_of(sys::Queue::open(77)); });
    std::array<std::byte, 8> room{};
    check({{"msgsnd", EAGAIN, Errc::would_block},
           {"msgsnd", EACCES, Errc::not_permitted},
           {"msgsnd", EIDRM, Errc::not_found},
           {"msgsnd", EINVAL, Errc::not_found},
           {"msgsnd", ENOMEM, Errc::limit},
           {"msgsnd", EINTR, Errc::ok}},
          [&] { return error_of(queue.get().try_send(1, {})); });
    check({{"msgrcv", ENOMSG, Errc::would_block},
           {"msgrcv", EACCES, Errc::not_permitted},
           {"msgrcv", EIDRM, Errc::not_found},
           {"msgrcv", EINVAL, Errc::not_found},
           {"msgrcv", E2BIG, Errc::too_large},
           {"msgrcv", EINTR, Errc::ok}},
          [&] {
              (void)queue.get().try_send(1, {});
              return error_of(queue.get().try_receive(0, room));
          });
    check({{"msgctl", EINVAL, Errc::not_found}, {"msgctl", EIDRM, Errc::not_found}}, [&] { return error_of(queue.get().stat()); });
}

TEST(Faults, OfSegments) {
    check({{"shmget", EEXIST, Errc::conflict},
           {"shmget", ENOSPC, Errc::limit},
           {"shmget", ENOMEM, Errc::limit},
           {"shmget", EINVAL, Errc::too_large},
           {"shmget", ENFILE, Errc::limit},
           {"shmget", EPERM, Errc::not_permitted}},
          [] { return error_of(sys::OwnedSegment::create({.key = 77, .size_bytes = 4096})); });
    auto const segment = sys::OwnedSegment::create({.key = 77, .size_bytes = 4096}).value();
    check({{"shmat", EACCES, Errc::not_permitted},
           {"shmat", EINVAL, Errc::not_found},
           {"shmat", EIDRM, Errc::not_found},
           {"shmat", ENOMEM, Errc::limit},
           {"shmctl", EIDRM, Errc::not_found},
           {"madvise", ENOMEM, Errc::limit}},
          [&] { return error_of(sys::SegmentMapping::attach(segment.id(), sys::Access::read_write)); });
    EXPECT_EQ(segment.get().stat().value().attached, 0U);
    auto const mapping = sys::SegmentMapping::attach(segment.id(), sys::Access::read_write).value();
    check({{"madvise", ENOMEM, Errc::limit}}, [&] { return error_of(mapping.populate()); });
    check({{"shmctl", EPERM, Errc::not_permitted}, {"shmctl", EINVAL, Errc::not_found}}, [&] {
        auto again = sys::OwnedSegment::create({.key = 78, .size_bytes = 4096}).value();
        auto const id = again.get();
        auto const removed = error_of(again.remove());
        if (removed.code() != Errc::ok) (void)id.remove();
        return removed;
    });
}

TEST(Segments, ArePopulatedByTouchWhereTheKernelCantDoIt) {
    fault::Scope const scope;
    auto const segment = sys::OwnedSegment::create({.key = 77, .size_bytes = 8192}).value();
    auto const mapping = sys::SegmentMapping::attach(segment.id(), sys::Access::read_write).value();
    mapping.writable_bytes()[4096] = std::byte{9};
    fault::reset();
    fault::fail("madvise", 1, EINVAL, 3);
    EXPECT_TRUE(mapping.populate());
    EXPECT_EQ(mapping.bytes()[4096], std::byte{9});
}

TEST(Segments, FallBackToOrdinaryPages) {
    for (int const why : {ENOMEM, EPERM, EINVAL, ENOSYS}) {
        fault::Scope const scope;
        fault::fail("shmget", 1, why);
        auto const segment = sys::OwnedSegment::create({.key = 77, .size_bytes = 4096, .huge_pages = true});
        ASSERT_TRUE(segment) << why;
        EXPECT_FALSE(segment->has_huge_pages());
    }
}

TEST(Faults, OfSemaphoreSets) {
    sys::SemaphoreValue const one[] = {1};
    check({{"semget", EEXIST, Errc::conflict},
           {"semget", ENOSPC, Errc::limit},
           {"semget", ENOMEM, Errc::limit},
           {"semget", EINVAL, Errc::too_large},
           {"semctl", EPERM, Errc::not_permitted}},  // SETALL: the set goes again
          [&] { return error_of(sys::OwnedSemaphoreSet::create(77, one, 0644)); });
    auto const set = sys::OwnedSemaphoreSet::create(77, one, 0600).value();
    check({{"semop", EAGAIN, Errc::would_block},
           {"semop", EACCES, Errc::not_permitted},
           {"semop", EIDRM, Errc::not_found},
           {"semop", EINVAL, Errc::not_found},
           {"semop", E2BIG, Errc::too_large},
           {"semop", ERANGE, Errc::limit},
           {"semop", ENOMEM, Errc::limit},
           {"semop", EFBIG, Errc::invalid},
           {"semop", EINTR, Errc::ok}},
          [&] { return error_of(set.get().post(0)); });
    check({{"semtimedop", EAGAIN, Errc::timeout}, {"semtimedop", EIDRM, Errc::not_found}, {"semtimedop", EINTR, Errc::ok}},
          [&] { return error_of(set.get().acquire_until(0, sys::kForever)); });
    check({{"semctl", EACCES, Errc::not_permitted}, {"semctl", EIDRM, Errc::not_found}}, [&] { return error_of(set.get().value(0)); });
}

TEST(Faults, OfFifos) {
    TemporaryDirectory const folder;
    auto const path = folder.path_of("bell");
    check({{"mkfifo", ENOSPC, Errc::limit}, {"mkfifo", EROFS, Errc::not_permitted}, {"fchmodat", EPERM, Errc::not_permitted}}, [&] {
        auto const made = sys::create_fifo(path, 0602);
        auto const left = sys::remove_file(path).value();
        EXPECT_EQ(left, made.has_value());  // a failure leaves no FIFO with a wrong mode
        return error_of(made);
    });
    ASSERT_TRUE(sys::create_fifo(path, 0602));
    check({{"setxattr", EPERM, Errc::not_permitted}, {"setxattr", EOPNOTSUPP, Errc::invalid}, {"setxattr", ENOSPC, Errc::limit}},
          [&] { return error_of(sys::grant(path, ::geteuid(), sys::FifoRights::read)); });
    check({{"openat", EMFILE, Errc::limit},
           {"openat", EACCES, Errc::not_permitted},
           {"openat", ELOOP, Errc::invalid},
           {"openat", EINTR, Errc::ok}},
          [&] { return error_of(sys::FifoReader::open(path)); });
    auto const reader = sys::FifoReader::open(path).value();
    check({{"openat", ENXIO, Errc::closed}, {"openat", ENFILE, Errc::limit}}, [&] { return error_of(sys::FifoWriter::open(path)); });
    auto const writer = sys::FifoWriter::open(path).value();
    check({{"pwritev2", EAGAIN, Errc::ok}, {"pwritev2", EINTR, Errc::ok}, {"pwritev2", EIO, Errc::io}},
          [&] { return error_of(writer.ring()); });
    check({{"read", EIO, Errc::io}, {"read", EINTR, Errc::ok}}, [&] { return error_of(reader.drain()); });
}

TEST(Faults, OfLocksFilesAndFolders) {
    TemporaryDirectory const folder;
    auto const path = folder.path_of("lock");
    check({{"fcntl", EAGAIN, Errc::conflict},
           {"fcntl", ENOLCK, Errc::io},
           {"fcntl", EINTR, Errc::ok},
           {"openat", EACCES, Errc::not_permitted}},
          [&] {
              auto const lock = sys::RecordLock::try_lock(path);
              // A refusal by the kernel's EAGAIN names a holder; there is none here, so the errno is not kept.
              if (!lock && lock.error() == Errc::conflict) return Error(Errc::conflict, lock.error().what(), {}, EAGAIN);
              return error_of(lock);
          });
    auto const base = sys::Directory::open(folder.path()).value();
    check({{"mkdirat", ENOSPC, Errc::limit}, {"mkdirat", EACCES, Errc::not_permitted}, {"openat", EMFILE, Errc::limit}}, [&] {
        auto const made = base.make_child("x", 0755);
        (void)base.remove_child_directory("x");
        return error_of(made);
    });
    auto const file = sys::open_file(folder.path_of("data"), O_RDWR | O_CREAT, 0600).value();
    std::array<std::byte, 8> bytes{};
    check({{"pwrite", ENOSPC, Errc::limit}, {"pwrite", EIO, Errc::io}, {"pwrite", EINTR, Errc::ok}},
          [&] { return error_of(sys::write_at(file.fd(), bytes, 0)); });
    check({{"pread", EIO, Errc::io}, {"pread", EINTR, Errc::ok}}, [&] { return error_of(sys::read_at(file.fd(), bytes, 0)); });
}

TEST(Faults, OfPollersEventsAndTheRest) {
    check({{"epoll_create1", EMFILE, Errc::limit}, {"epoll_create1", ENOMEM, Errc::limit}}, [] { return error_of(sys::Poller::create()); });
    check({{"eventfd", EMFILE, Errc::limit}, {"eventfd", ENFILE, Errc::limit}}, [] { return error_of(sys::EventFd::create()); });
    auto const event = sys::EventFd::create().value();
    auto poller = sys::Poller::create().value();
    check({{"epoll_ctl", ENOSPC, Errc::limit}, {"epoll_ctl", ENOMEM, Errc::limit}, {"epoll_ctl", EPERM, Errc::invalid}}, [&] {
        auto const added = poller.add(event.fd(), EPOLLIN, 1);
        (void)poller.remove(event.fd());
        return error_of(added);
    });
    std::array<sys::Poller::Ready, 1> ready{};
    check({{"epoll_wait", EINTR, Errc::ok}, {"epoll_wait", EBADF, Errc::io}}, [&] { return error_of(poller.try_wait(ready)); });
    check({{"ppoll", EINTR, Errc::ok}, {"ppoll", ENOMEM, Errc::limit}}, [&] {
        event.poke();
        return error_of(sys::poll_until(event.fd(), POLLIN, sys::kForever));
    });
    check({{"getrandom", EINTR, Errc::ok}, {"getrandom", EIO, Errc::io}}, [] { return error_of(sys::random_key()); });
    if (!sys::has_global_barrier()) return;
    check({{"syscall", EPERM, Errc::not_permitted}, {"syscall", ENOSYS, Errc::not_permitted}},
          [] { return error_of(sys::global_barrier()); });
}

// Whoever advises in steps of huge pages takes a library away from every child.
TEST(Faults, AMadviseThatIsRefusedLeavesNoNeighbourOutOfAFork) {
    std::vector<sys::OwnedSegment> segments;
    std::vector<sys::SegmentMapping> mappings;
    for (int i = 0; i < 16; ++i) {
        segments.push_back(sys::OwnedSegment::create({.key = 100 + i, .size_bytes = 4096}).value());
        fault::Scope const scope;
        fault::fail("madvise", 1, EINVAL);
        mappings.push_back(sys::SegmentMapping::attach(segments.back().get().id(), sys::Access::read_write).value());
        EXPECT_TRUE(fault::struck());
    }
    auto const child = ::fork();
    if (child == 0) ::_exit(std::to_string(::getpid()).empty() ? 1 : 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace bus::test

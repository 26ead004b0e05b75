// The last words in a directory that was removed.
#include "replacement.hpp"

#include "shm/directory_writer.hpp"
#include "shm/segment_layout.hpp"
#include "sys/fifo.hpp"
#include "sys/process.hpp"
#include "sys/shared_segment.hpp"

namespace bus::broker {

void tell_former_clients(shm::RegistryRecord const& directory, BusFolder const& folder) {
    // A segment that was removed has no key any more, but its id stays as long as it is mapped; the cookie says that it is the same.
    auto mapping = sys::SegmentMapping::attach(directory.id, sys::Access::read_write);
    if (!mapping || mapping->bytes().size() < sizeof(shm::DirectoryHead)) return;
    auto const stat = sys::Segment(directory.id).stat();
    if (!stat || !stat->marked || stat->permissions.creator_uid != sys::effective_uid()) return;
    if (reinterpret_cast<shm::SegmentHead const*>(mapping->bytes().data())->cookie != directory.cookie) return;
    auto writer = shm::DirectoryWriter::open(mapping->writable_bytes());
    if (!writer) return;
    writer->head().broker_pid = shm::kReplacedBus;
    writer->raise_epoch();  // first: who sees his members' epoch looks at this one, and never again if it says nothing
    for (std::uint32_t index = 0; index < writer->view().used<shm::RingEntry>(); ++index) writer->raise_member_epoch(index);
    auto const names = folder.fifos.list();
    if (!names) return;
    for (auto const& name : *names)
        if (auto const fifo = sys::FifoWriter::open(folder.folder.path_of("fifo/" + name))) (void)fifo->ring();
}

}  // namespace bus::broker

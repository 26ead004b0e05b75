// The runtime folder as busd has it: lock, knock, ready, fifo/, registry. Made for us alone, checked before anything is trusted.
#pragma once

#include <bus/error.hpp>
#include <string>

#include "sys/directory.hpp"
#include "sys/fifo.hpp"
#include "sys/record_lock.hpp"

namespace bus::broker {

struct BusFolder {
    std::string bus;
    sys::Directory folder;
    sys::Directory fifos;
    sys::RecordLock lock;   // one busd a bus
    sys::FifoReader knock;  // both ends: with a writer of our own it never says that all have gone
    sys::FifoWriter knock_writer;
};

/// Takes the bus: makes what is missing. Errors: conflict: another busd serves it, with its pid; not_permitted: the folder is not ours;
/// invalid: the name, a link in the way.
Result<BusFolder> take_folder(std::string const& bus);

/// `ready` exists while busd serves.
Result<void> say_ready(sys::Directory const& folder);
void unsay_ready(sys::Directory const& folder);
/// Takes away all that a bus that ends leaves in its folder; the folder stays, it may have been made for us.
/// Where objects could not be removed, the registry that names them stays for the next busd.
enum class Objects { gone, left };
void clear_folder(BusFolder const& folder, Objects objects = Objects::gone);

}  // namespace bus::broker

// One pass over a table that another busd may have died writing.
#pragma once

#include "state.hpp"

namespace bus::broker {

/// Calls keep(index, entry) for each entry in use and frees those it does not want.
// A torn entry: each word is old or new. It is kept if all that it names is there, freed if not; either way it can be read again.
template <class Entry, class Keep>
void scan(State& state, Keep&& keep) {
    auto& directory = state.directory;
    for (std::uint32_t index = 0; index < directory.view().used<Entry>(); ++index) {
        auto const entry = directory.own<Entry>(index);
        if (entry.in_use() && keep(index, *entry)) {
            directory.mend<Entry>(index);
        } else if (entry.in_use() || directory.is_torn<Entry>(index)) {
            directory.free<Entry>(index);
        }
    }
}

}  // namespace bus::broker

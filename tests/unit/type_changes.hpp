// Changes of a type, as .proto texts, with what is to be said of them.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace bus::test {

struct TypeChange {
    enum class Expected { equal, readable, lossy, refused } expected;
    std::string name, ours, theirs;
    bool by_meaning = false;  // no byte shows it: a number that stands for something else

    friend std::ostream& operator<<(std::ostream& out, TypeChange const& change) {
        return out << "\nours:   " << change.ours << "\ntheirs: " << change.theirs;
    }
};

std::vector<TypeChange> const& type_changes();

}  // namespace bus::test

// How `client info` shows clients.
#pragma once

#include <bus/introspect.hpp>
#include <string>
#include <vector>

#include "screen.hpp"

namespace bus::tool {

struct ShownClient {
    ClientDetail detail;
    std::vector<KernelObject> objects;
};

std::string clients_json(std::vector<ShownClient> const& clients);
std::string clients_text(std::vector<ShownClient> const& clients, Screen const& screen);

}  // namespace bus::tool

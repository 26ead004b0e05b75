// busd: the broker of a bus.
#include "options.hpp"
#include "serve.hpp"
#include "stop.hpp"

int main(int argc, char** argv) {
    auto const options = bus::broker::parse_options(argc, argv);
    switch (options.action) {
        case bus::broker::Action::leave:
            return options.status;
        case bus::broker::Action::stop:
            return bus::broker::stop_bus(options.bus);
        case bus::broker::Action::serve:
            break;
    }
    return bus::broker::serve(options);
}

// The clients of the churn campaign: what a forked child does until it is killed or told to leave.
#pragma once

#include <bus/connection_options.hpp>

#include "churn_history.hpp"

namespace bus::test::churn {

struct Place {
    History& history;
    ConnectionOptions options;
    std::size_t place;      // of its ClientRecord and ReaderRecord
    std::size_t publisher;  // of its PublisherRecord
};

/// Returns: the exit status; what went wrong stands in the ClientRecord.
int run_publisher(Place const& place);
int run_subscriber(Place const& place);

}  // namespace bus::test::churn

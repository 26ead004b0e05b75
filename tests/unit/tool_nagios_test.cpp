// One line for monitors.
#include "nagios.hpp"

#include <gtest/gtest.h>

namespace bus::tool {
namespace {

FoundBus bus_in(FoundBus::State state) { return {.bus = "b", .folder = "/run/bus/b", .state = state}; }

TEST(NagiosLine, IsOkWhereNothingIsToMend) {
    auto const line = nagios_line({{Finding::Grade::good, "limits", "fine", ""}, {Finding::Grade::note, "logind", "a note", ""}},
                                  {bus_in(FoundBus::State::serving)});
    EXPECT_EQ(line.status, NagiosStatus::ok);
    EXPECT_EQ(line.text, "BUS OK - 1 buses, nothing to mend | serving=1 dead=0;;0 objects=0");
}

TEST(NagiosLine, WarnsOfWhatIsToMendAndSaysTheFirst) {
    auto const line =
        nagios_line({{Finding::Grade::mend, "limits", "msgmni | is\nlow", ""}, {Finding::Grade::mend, "logind", "other", ""}}, {});
    EXPECT_EQ(line.status, NagiosStatus::warning);
    EXPECT_EQ(line.text, "BUS WARNING - msgmni / is low (and 1 more) | serving=0 dead=0;;0 objects=0");
}

TEST(NagiosLine, IsCriticalWhereABusLostItsBroker) {
    auto const line = nagios_line({{Finding::Grade::mend, "bus", "it is dead", ""}}, {bus_in(FoundBus::State::dead)});
    EXPECT_EQ(line.status, NagiosStatus::critical);
    EXPECT_EQ(line.text, "BUS CRITICAL - bus 'b' has lost its broker, and 0 clients are alive | serving=0 dead=1;;0 objects=0");
}

TEST(NagiosLine, IsUnknownWhereNothingCanBeLookedAt) {
    auto const line = nagios_line(Error(Errc::not_permitted, "no way in"));
    EXPECT_EQ(line.status, NagiosStatus::unknown);
    EXPECT_EQ(line.text, "BUS UNKNOWN - no way in");
}

}  // namespace
}  // namespace bus::tool

// Publishers, subscribers and busd are killed at random, under load, and nothing is torn, lost, stuck or left: churn_*.hpp.
// BUS_STRESS=10, as in ./dev stress, are 10,000 client kills and 1,000 of busd. BUS_SEED=N kills the same again.
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "churn_campaign.hpp"
#include "support/ipc_namespace.hpp"

namespace bus::test::churn {

TEST(Churn, LosesNothingWhoeverIsKilled) {
    ::setenv("BUS_NO_RECHECK", "1", 1);  // nobody is saved by looking again
    Campaign campaign(Size::from_environment());
    campaign.run();
    campaign.print(std::cout);
    for (auto const& finding : campaign.findings()) ADD_FAILURE() << finding;
    EXPECT_GT(campaign.tally().client_kills, 20U);
    EXPECT_GT(campaign.tally().broker_kills, 2U);
    EXPECT_GE(campaign.tally().share(), 1.0 / 3);
    EXPECT_TRUE(eventually([] { return ipc_objects().empty(); }));
    ::unsetenv("BUS_NO_RECHECK");
}

}  // namespace bus::test::churn

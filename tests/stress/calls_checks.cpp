// Comparing what there is.
#include "calls_checks.hpp"

#include <gtest/gtest.h>

#include "support/eventually.hpp"
#include "support/ipc_namespace.hpp"

namespace bus::test {

void expect_footprint(MortalBroker const& broker, Bystander& bystander, std::optional<Footprint> const& wanted, std::string const& when) {
    ASSERT_TRUE(wanted) << "what there was " << when << " is not known";
    std::optional<Footprint> now;
    bool const same = eventually([&] {
        bystander.let_go();
        now = broker.footprint();
        return now == wanted;
    });
    EXPECT_TRUE(same) << "there were " << *wanted << " " << when << "\nnow there are " << now.value_or(Footprint{});
    EXPECT_EQ(broker.unnamed_objects(), std::vector<std::string>{});
}

void expect_nothing_left(MortalBroker& broker) {
    if (!broker.pid()) return;
    EXPECT_TRUE(eventually([&] {
        auto const now = broker.footprint();
        return now && now->sessions == 0;
    }));
    EXPECT_TRUE(broker.stop());
    EXPECT_EQ(ipc_objects().size(), 0U);
    EXPECT_EQ(broker.left_files(), std::vector<std::string>{});
}

void expect_adopted(MortalBroker& broker, std::uint64_t generation_before) {
    EXPECT_EQ(broker.start(), "");
    EXPECT_GT(broker.generation(), generation_before);
    EXPECT_EQ(broker.why_not_adopted(), "");
}

}  // namespace bus::test

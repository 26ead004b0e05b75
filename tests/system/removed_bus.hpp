// A bus whose kernel objects a test removes.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "support/eventually.hpp"
#include "support/on_bus.hpp"
#include "support/removal.hpp"

namespace bus::test {

class Return : public ::testing::Test {
protected:
    /// As ipcrm does. Returns: how many.
    int remove(std::string_view use = {}) { return remove_objects(broker.options(), use); }

    std::int32_t segment_of_directory() const { return id_of_directory(broker.options()); }
    void expect_another_bus(std::int32_t before) {
        EXPECT_TRUE(eventually([&] {
            auto const now = segment_of_directory();
            return now != -1 && now != before;
        }));
    }

    bus::testing::LocalBroker broker;
};

}  // namespace bus::test

// A bus whose kernel objects a test removes.
#pragma once

#include <gtest/gtest.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

#include <algorithm>
#include <string_view>

#include "support/eventually.hpp"
#include "support/on_bus.hpp"

namespace bus::test {

class Return : public ::testing::Test {
protected:
    /// Removes the kernel objects of the bus, all or those of one use, as ipcrm does. Returns: how many.
    int remove(std::string_view use = {}) {
        int count = 0;
        for (auto const& object : kernel_objects(broker.options()).value()) {
            if (!object.exists || (!use.empty() && object.use != use)) continue;
            using Kind = KernelObject::Kind;
            count += (object.kind == Kind::queue     ? ::msgctl(object.id, IPC_RMID, nullptr)
                      : object.kind == Kind::segment ? ::shmctl(object.id, IPC_RMID, nullptr)
                                                     : ::semctl(object.id, 0, IPC_RMID)) == 0;
        }
        return count;
    }

    std::int32_t segment_of_directory() const {
        for (auto const& object : kernel_objects(broker.options()).value())
            if (object.use == "directory") return object.id;
        return -1;
    }
    void expect_another_bus(std::int32_t before) {
        EXPECT_TRUE(eventually([&] {
            auto const objects = kernel_objects(broker.options());
            return objects && std::ranges::any_of(*objects, [&](auto const& object) {
                       return object.use == "directory" && object.exists && object.id != before;
                   });
        }));
    }

    bus::testing::LocalBroker broker;
};

}  // namespace bus::test

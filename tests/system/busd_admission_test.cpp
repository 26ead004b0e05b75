// Programs of one uid that die while they are admitted do not keep others of it out.
#include <gtest/gtest.h>

#include "busd.hpp"
#include "client/admission.hpp"
#include "client/runtime_folder.hpp"

namespace bus::test {
namespace {

class BusdAdmission : public testing::Test {
protected:
    RuntimeDirectory runtime;
};

}  // namespace

TEST_F(BusdAdmission, GoesOnThoughManyReadTheirOffersAndDied) {
    Busd busd;
    auto const raw = RawClient::open().value();  // the uid is known, so that Hellos come by its own queue
    auto const options = client::resolve({}).value();
    for (int i = 0; i < 100; ++i) {
        // Said hello, read the offer, took the token; and the token comes back, as by a death.
        auto const parts = client::take_offer(raw->bus(), options, sys::deadline_after(options.timeout));
        ASSERT_TRUE(parts) << "after " << i << ": " << parts.error().what();
    }
}

}  // namespace bus::test

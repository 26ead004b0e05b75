// The main() of every test program: a role if asked for, else the tests, in an IPC namespace of their own.
#include <gtest/gtest.h>

#include <cstdio>

#include "support/ipc_namespace.hpp"
#include "support/role.hpp"

int main(int argc, char** argv) {
    if (auto const status = bus::test::run_as_role(argc, argv)) return *status;
    testing::InitGoogleTest(&argc, argv);
    if (auto const why = bus::test::enter_ipc_namespace(); why.empty()) {
        bus::test::install_leak_check();
    } else {
        std::fprintf(stderr, "no IPC namespace of our own (%s): left-overs are not looked for\n", why.c_str());
    }
    return RUN_ALL_TESTS();
}

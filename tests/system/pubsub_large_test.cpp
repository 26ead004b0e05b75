// Rings of hundreds of MiB, and of huge pages.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>

#include "support/eventually.hpp"
#include "support/on_bus.hpp"

using namespace std::chrono_literals;
using namespace bus::test;

namespace {

class LargeRings : public testing::Test {
protected:
    /// Through the ring more than once, so that it wraps.
    void expect_frames_through(bus::PublisherOptions const& options, std::size_t frame_bytes, int frames) {
        auto subscriber = bus.subscriber<bus::Bytes>("camera", {.reliable = true}).value();
        auto made = bus.publisher<bus::Bytes>("camera", options);
        ASSERT_TRUE(made) << made.error().what();
        for (int frame = 1; frame <= frames; ++frame) {
            auto loan = made->loan(frame_bytes).value();
            std::ranges::fill(loan.bytes(), static_cast<std::byte>(frame));
            ASSERT_EQ(loan.publish(frame_bytes).value(), static_cast<std::uint64_t>(frame));
            auto const sample = subscriber.receive_for(patience()).value();
            ASSERT_EQ(sample.bytes().size(), frame_bytes);
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(sample.bytes().data()) % 64, 0u);
            ASSERT_TRUE(std::ranges::all_of(sample.bytes(), [&](std::byte byte) { return byte == static_cast<std::byte>(frame); }));
        }
        EXPECT_EQ(subscriber.lost(), 0u);
    }

    bus::testing::LocalBroker broker;
    bus::Connection bus = broker.connect("test").value();
};

TEST_F(LargeRings, OfHundredsOfMegabytesCarryFramesOfSixtyFour) {
    expect_frames_through({.ring_bytes = std::size_t{256} << 20}, (std::size_t{63} << 20) + 12345, 9);
}

TEST_F(LargeRings, BeyondWhatIsAllowedAreRefusedWithTheNumbers) {
    auto const refused = bus.publisher<bus::Bytes>("camera", {.ring_bytes = std::size_t{1} << 40}).error();
    EXPECT_EQ(refused, bus::Errc::too_large);
    EXPECT_NE(refused.what().find("1099511627776"), std::string::npos) << refused.what();
    EXPECT_TRUE(bus.topics().value().empty());
}

TEST_F(LargeRings, OfHugePagesWorkWithOrdinaryOnesWhereThereAreNone) {
    expect_frames_through({.ring_bytes = 8 << 20, .huge_pages = true}, 1 << 20, 20);
}

TEST_F(LargeRings, OfHugePagesAreTakenOverByTheNextBusd) {
    auto publisher = bus.publisher<bus::Bytes>("camera", {.ring_bytes = 8 << 20, .retain = true, .huge_pages = true}).value();
    (void)publisher.publish(std::string_view("kept")).value();
    broker.kill();
    broker.restart();
    EXPECT_EQ(bus.subscriber<bus::Bytes>("camera").value().receive_for(patience()).value().message().text(), "kept");
}

/// What /proc/meminfo says, in pages.
long huge_pages(std::string const& which) {
    std::ifstream file("/proc/meminfo");
    for (std::string word; file >> word;)
        if (word == which + ":" && file >> word) return std::stol(word);
    return 0;
}

TEST_F(LargeRings, TakeHugePagesFromThePool) {
    auto const free = [] { return huge_pages("HugePages_Free") - huge_pages("HugePages_Rsvd"); };
    if (free() < 8) GTEST_SKIP() << "vm.nr_hugepages leaves " << free() << " huge pages free, 8 are needed";
    auto const before = free();
    {
        auto const publisher = bus.publisher<bus::Bytes>("camera", {.ring_bytes = 8 << 20, .huge_pages = true}).value();
        EXPECT_LE(free(), before - 4);
    }
    EXPECT_TRUE(eventually([&] { return free() == before; })) << "and they are given back";
}

}  // namespace

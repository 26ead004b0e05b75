// Points, places, figures.
#include "calls_tally.hpp"

#include <gtest/gtest.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <map>
#include <random>

#include "support/module_map.hpp"

namespace bus::test {

namespace {

constexpr std::size_t kLeastStep = 7, kQuickKills = 16;

bool is_ours(std::string const& file) {
    auto const name = std::filesystem::path(file).filename().string();
    return name == "busd" || name.starts_with("libbus.so");
}

std::string text_of(CodePlace const& place) {
    std::array<char, 32> address;
    std::snprintf(address.data(), address.size(), "+0x%llx", static_cast<unsigned long long>(place.address));
    return std::filesystem::path(*place.file).filename().string() + address.data();
}

// Of the instruction in busd or libbus where it stands: for calls and what the C library stores, where these were called. Return
// addresses lie on the stack. One that is left over of an earlier call may be taken for one now and then: then the place is wrong,
// and the same in each run.
std::string place_of(Stepper& stepper, KillPoint const& point) {
    ModuleMap map(stepper.child().pid());
    if (auto const place = map.find(point.instruction); place && is_ours(*place->file)) return text_of(*place);
    std::array<std::uint64_t, 256> stack{};
    iovec const ours{stack.data(), sizeof stack};
    iovec const theirs{reinterpret_cast<void*>(stepper.stack_pointer()), sizeof stack};  // NOLINT(performance-no-int-to-ptr)
    auto const got = ::process_vm_readv(stepper.child().pid(), &ours, 1, &theirs, 1, 0);
    for (std::size_t i = 0; got > 0 && i < static_cast<std::size_t>(got) / sizeof(std::uint64_t); ++i) {
        if (stack[i] < 0x1000) continue;
        if (auto const place = map.find_known(stack[i]); place && is_ours(*place->file)) return text_of(*place);
    }
    return "elsewhere";
}

std::string text_of(KillPoint const& point) {
    auto const call = "system call " + std::to_string(point.syscall) + ", the " + std::to_string(point.occurrence) + "th of its kind";
    switch (point.kind) {
        case KillPoint::Kind::entry:
            return "the entry of " + call;
        case KillPoint::Kind::exit:
            return "the exit of " + call;
        case KillPoint::Kind::store:
            break;
    }
    return "store " + std::to_string(point.store) + " behind " + call;
}

}  // namespace

Tally::~Tally() {
    auto const stores = std::ranges::count(points_, KillPoint::Kind::store, &KillPoint::kind);
    std::printf("%-52s %5zu boundaries, %5td stores; %5zu kills (%zu at its end) at %4zu distinct addresses\n", operation_.c_str(),
                points_.size() - static_cast<std::size_t>(stores), stores, kills_ + kills_at_end_, kills_at_end_, killed_.size());
    if (step_ > 1)
        std::printf("    one point in %zu: BUS_STRESS_OFFSET=%zu\n", step_, offset_);
    else
        for (auto const& place : missed()) std::printf("    never killed at %s\n", place.c_str());
}

void Tally::each_target(std::function<void(Target const* target)> const& round) {
    round(nullptr);
    auto targets = chosen();
    auto const all = [&] {
        for (auto const& target : targets)
            if (!::testing::Test::HasFailure()) round(&target);
    };
    all();
    if (step_ > 1) return;
    for (int again = 0; again < 3; ++again) {
        targets.clear();
        for (auto const& place : missed()) targets.push_back({std::nullopt, place});
        all();
    }
}

std::string Tally::walk(Stepper& stepper, KillPoints& points, Target const* target, long end_mark) {
    auto const here = go(stepper, points, target, end_mark);
    auto const where = operation_ + ", killed at " + (here ? text_of(*here) : "its end");
    if (!here) {
        ++kills_at_end_;
        return where;
    }
    ++kills_;
    auto const place = place_of(stepper, *here);
    killed_.insert(place);
    return where + ", " + place;
}

std::optional<KillPoint> Tally::go(Stepper& stepper, KillPoints& points, Target const* target, long end_mark) {
    if (target != nullptr && target->point) return points.run_to(*target->point, end_mark);
    points.watch_stores(true);
    while (auto const point = points.next(end_mark)) {
        auto const place = place_of(stepper, *point);
        if (target != nullptr && place == target->place) return point;
        if (target != nullptr) continue;
        points_.push_back(*point);
        places_.insert(place);
    }
    return std::nullopt;
}

std::vector<Target> Tally::chosen() {
    auto const points = distinct_points();
    char const* const size = std::getenv("BUS_STRESS");
    if (size == nullptr || std::string_view(size) == "quick") {
        char const* const given = std::getenv("BUS_STRESS_OFFSET");
        step_ = std::max(kLeastStep, points.size() / kQuickKills);
        offset_ = (given != nullptr ? static_cast<std::size_t>(std::atoi(given)) : std::random_device()()) % step_;
    }
    std::vector<Target> targets;
    for (auto number = offset_; number < points.size(); number += step_) targets.push_back({points[number], {}});
    return targets;
}

// Of stores that one instruction makes again and again between two calls only some, which are ever further apart.
std::vector<KillPoint> Tally::distinct_points() const {
    std::vector<KillPoint> distinct;
    std::map<std::uint64_t, unsigned> stores;  // of an instruction, since the last boundary
    for (auto const& point : points_) {
        if (point.kind != KillPoint::Kind::store) stores.clear();
        auto const times = point.kind == KillPoint::Kind::store ? ++stores[point.instruction] : 1;
        if (times <= 4 || std::has_single_bit(times)) distinct.push_back(point);
    }
    return distinct;
}

std::vector<std::string> Tally::missed() const {
    std::vector<std::string> missed;
    std::ranges::set_difference(places_, killed_, std::back_inserter(missed));
    return missed;
}

}  // namespace bus::test

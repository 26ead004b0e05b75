// Points, places, figures.
#include "calls_tally.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>

namespace bus::test {

namespace {

bool is_ours(std::string const& file) {
    auto const name = std::filesystem::path(file).filename().string();
    return name == "busd" || name.starts_with("libbus.so");
}

std::string text_of(CodePlace const& place) {
    std::array<char, 32> address;
    std::snprintf(address.data(), address.size(), "+0x%llx", static_cast<unsigned long long>(place.address));
    return std::filesystem::path(*place.file).filename().string() + address.data();
}

}  // namespace

// Return addresses lie on the stack. One that is left over of an earlier call may be taken for one now and then: then the place is wrong,
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

Slice Slice::from_environment() {
    char const* const size = std::getenv("BUS_STRESS");
    if (size != nullptr && std::string_view(size) != "quick") return {1, 0};
    constexpr std::size_t kStep = 7;
    char const* const given = std::getenv("BUS_STRESS_OFFSET");
    return {kStep, given != nullptr ? static_cast<std::size_t>(std::atoi(given)) % kStep : std::random_device()() % kStep};
}

void Tally::found(Stepper& stepper, KillPoint const& point) {
    points_.push_back(point);
    places_.insert(place_of(stepper, point));
}

std::vector<KillPoint> Tally::chosen(Slice slice) const {
    std::vector<KillPoint> chosen;
    std::map<std::uint64_t, unsigned> stores;  // of an instruction, since the last boundary
    std::size_t number = 0;
    for (auto const& point : points_) {
        if (point.kind != KillPoint::Kind::store) stores.clear();
        auto const times = point.kind == KillPoint::Kind::store ? ++stores[point.instruction] : 1;
        if (times > 4 && !std::has_single_bit(times)) continue;
        if (number++ % slice.step == slice.offset) chosen.push_back(point);
    }
    return chosen;
}

void Tally::kills(Stepper& stepper, KillPoint const& point) {
    ++kills_;
    killed_.insert(place_of(stepper, point));
}

void Tally::print(Slice slice) const {
    auto const stores = std::ranges::count(points_, KillPoint::Kind::store, &KillPoint::kind);
    std::printf("%-52s %5zu boundaries, %5td stores; %5zu kills (%zu at its end) at %4zu distinct addresses\n", operation_.c_str(),
                points_.size() - static_cast<std::size_t>(stores), stores, kill_count(), kills_at_end_, killed_.size());
    if (slice.step > 1) return;
    for (auto const& place : places_)
        if (!killed_.contains(place)) std::printf("    never killed at %s\n", place.c_str());
}

}  // namespace bus::test

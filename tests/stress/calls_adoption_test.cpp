// A busd that takes over is killed at each entry and exit of a system call, and after each store to shared memory, from its first look at
// the runtime folder until it has nothing to do any more: the next one takes over all the same. And one that ends is killed on its way.
#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <csignal>
#include <cstring>

#include "calls_checks.hpp"
#include "calls_tally.hpp"
#include "support/ipc_namespace.hpp"

namespace bus::test {

namespace {

using namespace std::chrono_literals;

constexpr auto kIdle = 30ms;

bool waits_for_work(KillPoint const& point) {
    return point.kind == KillPoint::Kind::entry && (point.syscall == SYS_epoll_wait || point.syscall == SYS_epoll_pwait2);
}

// A publisher and its reliable reader, whose ring stands in some phase while busd is dead.
class Stream {
public:
    Stream(Connection& bus, std::string const& topic, WhenFull when_full)
        : publisher_(bus.publisher<Bytes>(topic, {.ring_bytes = 4096, .when_full = when_full}).value()),
          reader_(bus.subscriber<Bytes>(topic, {.reliable = true}).value()) {}

    bool publish() {
        if (!publisher_.publish(std::string_view(content(sent_ + 1, 300)))) return false;
        ++sent_;
        return true;
    }
    void fill() {
        while (publish()) continue;
    }
    // Returns: what is wrong.
    std::string read_all() {
        while (auto const sample = reader_.try_receive()) {
            auto const text = content(++received_, 300);
            auto const bytes = sample->bytes();
            if (sample->info().sequence != received_ || std::memcmp(bytes.data(), text.data(), text.size()) != 0 ||
                bytes.size() != text.size())
                return "message " + std::to_string(sample->info().sequence) + " is not as it was published";
        }
        if (received_ == sent_ && reader_.lost() == 0) return {};
        return std::to_string(sent_) + " published, " + std::to_string(received_) + " received, " + std::to_string(reader_.lost()) +
               " lost";
    }

private:
    Publisher<Bytes> publisher_;
    Subscriber<Bytes> reader_;
    std::uint64_t sent_ = 0, received_ = 0;
};

// What a busd finds: an empty ring, a full one, one whose messages lie over its end, a retained topic whose publisher has gone; and, by
// its side, a client that lives and one that died.
class Scene {
public:
    Scene()
        : bus_(Connection::open({.name = "scene", .timeout = patience()}).value()),
          empty_(bus_, "ring/empty", WhenFull::wait),
          full_(bus_, "ring/full", WhenFull::refuse),
          wrapping_(bus_, "ring/wrapping", WhenFull::wait) {
        auto publisher = bus_.publisher<Bytes>("ring/kept", {.ring_bytes = 4096, .history = 2, .retain = true}).value();
        for (std::uint64_t i = 1; i <= 5; ++i) publisher.publish(std::string_view(content(i, 300))).value();
    }

    // Between two deaths.
    void set() {
        full_.fill();
        while (wrapped_ % 4096 < 3500) publish_wrapping(true);
        for (int i = 0; i < 3; ++i) publish_wrapping(false);
    }
    std::string check() {
        for (auto* const stream : {&empty_, &full_, &wrapping_})
            if (auto const wrong = stream->read_all(); !wrong.empty()) return wrong;
        auto late = bus_.subscriber<Bytes>("ring/kept", {.history = 2});
        if (!late) return "no subscription to the retained topic: " + late.error().what();
        for (std::uint64_t i = 4; i <= 5; ++i) {
            auto const sample = late->receive_for(patience());
            if (!sample) return "a retained message is missing: " + sample.error().what();
            auto const text = content(i, 300);
            if (sample->bytes().size() != text.size() || std::memcmp(sample->bytes().data(), text.data(), text.size()) != 0)
                return "a retained message is not as it was published";
        }
        return {};
    }

private:
    void publish_wrapping(bool read) {
        (void)wrapping_.publish();
        wrapped_ += 352;
        if (read) (void)wrapping_.read_all();
    }

    Connection bus_;
    Stream empty_, full_, wrapping_;
    std::uint64_t wrapped_ = 0;
};

class AdoptionCampaign {
public:
    AdoptionCampaign() : tally_("adopt, rings empty, full and wrapping") {
        EXPECT_EQ(broker_.start(), "");
        scene_.emplace();
        bystander_.emplace();
        actor_.open();
        base_ = broker_.footprint();
        expect_base();
    }
    ~AdoptionCampaign() {
        scene_.reset();
        bystander_.reset();
        actor_.leave();
        expect_nothing_left(broker_);
    }

    void run() {
        tally_.each_target([this](Target const* target) { round(target); });
    }

private:
    void round(Target const* target) {
        auto dead = start_client();
        scene_->set();
        auto const generation = broker_.generation();
        broker_.kill();
        dead.kill(SIGKILL);
        (void)dead.wait();
        auto stepper = broker_.start_traced();
        KillPoints points(stepper);
        points.end_when([&](KillPoint const& point) { return waits_for_work(point) && !stepper.stops_within(kIdle); });
        // Before that it is the loader's work.
        while (auto const point = points.next())
            if (point->kind == KillPoint::Kind::entry && point->syscall == SYS_umask) break;
        SCOPED_TRACE(tally_.walk(stepper, points, target));
        stepper.kill();
        EXPECT_EQ(broker_.unnamed_objects(), std::vector<std::string>{});
        EXPECT_EQ(bystander_->goes_on(), "") << "without a busd";
        expect_adopted(broker_, generation);
        expect_base();
        EXPECT_EQ(bystander_->goes_on(), "");
        EXPECT_EQ(scene_->check(), "");
        EXPECT_EQ(newcomer(*bystander_), "");
        expect_base();
    }

    void expect_base() { expect_footprint(broker_, *bystander_, base_, "at the beginning"); }

    Tally tally_;
    MortalBroker broker_;
    std::optional<Scene> scene_;
    std::optional<Bystander> bystander_;
    Actor actor_;
    std::optional<Footprint> base_;
};

}  // namespace

TEST(BrokerStart, KilledAtAnyPointOfAnAdoptionTheNextOneAdopts) {
    if (!Stepper::is_possible()) GTEST_SKIP() << "needs ptrace on x86-64";
    BUS_REQUIRE_OWN_IPC_NAMESPACE();
    AdoptionCampaign().run();
}

}  // namespace bus::test

// Operations and lookers-on.
#include "calls_stage.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

#include "support/eventually.hpp"

namespace bus::test {

namespace {

constexpr std::size_t kSmallRing = 4096, kLargeRing = 8 << 20;

ConnectionOptions named(std::string name) {
    ConnectionOptions options;
    options.name = std::move(name);
    options.timeout = patience();
    return options;
}

bool is_text(Sample<Bytes> const& sample, std::string const& text) {
    auto const bytes = sample.bytes();
    return std::string_view(reinterpret_cast<char const*>(bytes.data()), bytes.size()) == text;
}

/// Waits for that text; others before it are thrown away.
bool wait_for(Subscriber<Bytes>& subscriber, std::string const& text) {
    auto const end = std::chrono::steady_clock::now() + patience();
    while (std::chrono::steady_clock::now() < end) {
        auto const sample = subscriber.receive_for(patience());
        if (!sample) return false;
        if (is_text(*sample, text)) return true;
    }
    return false;
}

void publish_on(Actor& actor, std::string const& topic, std::size_t ring_bytes = kSmallRing) {
    actor.publisher = actor.bus->publisher<Bytes>(topic, {.ring_bytes = ring_bytes}).value();
}

void subscribe_to(Actor& actor, std::string const& pattern, bool reliable = false) {
    actor.subscriber = actor.bus->subscriber<Bytes>(pattern, {.reliable = reliable}).value();
    actor.reads_busy = pattern != "work/none";
}

}  // namespace

void Actor::open() { bus = Connection::open(named("actor")).value(); }

void Actor::open_all() {
    open();
    publish_on(*this, "work/new");
    subscribe_to(*this, "work/busy", true);
    for (std::uint64_t i = 1; i <= 3; ++i) publisher->publish(std::string_view(content(i, 100))).value();
}

void Actor::leave() {
    subscriber.reset();
    other.reset();
    publisher.reset();
    bus.reset();
}

std::vector<Operation> const& operations() {
    static auto const open = [](Actor& actor) { actor.open(); };
    static auto const open_all = [](Actor& actor) { actor.open_all(); };
    static std::vector<Operation> const all{
        {"admit", [](Actor&) {}, open},
        {"create publisher, new topic, first ring", open, [](Actor& actor) { publish_on(actor, "work/new"); }},
        {"create publisher, topic with readers, second ring",
         [](Actor& actor) {
             actor.open();
             actor.other = actor.bus->publisher<Bytes>("work/other", {.ring_bytes = kSmallRing}).value();
         },
         [](Actor& actor) { publish_on(actor, "work/busy"); }},
        {"create publisher, ring of its own segment", open, [](Actor& actor) { publish_on(actor, "work/new", kLargeRing); }},
        {"create subscriber, reliable, topic with publisher", open, [](Actor& actor) { subscribe_to(actor, "work/busy", true); }},
        {"create subscriber, best-effort, pattern", open, [](Actor& actor) { subscribe_to(actor, "work/**"); }},
        {"create subscriber, best-effort, new topic", open, [](Actor& actor) { subscribe_to(actor, "work/none"); }},
        {"replace handles", open_all,
         [](Actor& actor) {
             actor.subscriber.reset();
             actor.publisher.reset();
             publish_on(actor, "work/next");
         }},
        {"leave", open_all, [](Actor& actor) { actor.leave(); }},
    };
    return all;
}

Child start_client() {
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    auto child = start_forked([&] {
        Actor actor;
        actor.open_all();
        (void)!::write(pipe[1], "r", 1);
        return ::pause();
    });
    ::close(pipe[1]);
    char ready = 0;
    auto const got = ::read(pipe[0], &ready, 1);
    ::close(pipe[0]);
    if (got != 1) throw std::runtime_error("a client could not get ready");
    return child;
}

std::vector<Operation> const& operations_of_broker() {
    static std::vector<Operation> const all{
        {"reap a client", [](Actor& actor) { actor.process.emplace(start_client()); },
         [](Actor& actor) {
             actor.process->kill(SIGKILL);
             (void)actor.process->wait();
         }},
        {"hand over", [](Actor& actor) { actor.open_all(); }, [](Actor& actor) { ::kill(actor.broker, SIGQUIT); }, true},
    };
    return all;
}

Bystander::Bystander()
    : bus_(Connection::open(named("bystander")).value()),
      steady_(bus_.publisher<Bytes>("steady", {.ring_bytes = kSmallRing}).value()),
      busy_(bus_.publisher<Bytes>("work/busy", {.ring_bytes = kSmallRing}).value()),
      steady_reader_(bus_.subscriber<Bytes>("steady", {.reliable = true}).value()),
      reader_(bus_.subscriber<Bytes>("work/**").value()) {}

std::string Bystander::goes_on() {
    for (int i = 0; i < 3; ++i) {
        auto const sent = steady_.publish(std::string_view(content(++sent_, 200)));
        if (!sent) return "the bystander can't publish: " + sent.error().what();
        auto const got = steady_reader_.receive_for(patience());
        if (!got) return "the bystander does not receive: " + got.error().what();
        if (got->info().sequence != *sent || !is_text(*got, content(sent_, 200)))
            return "the bystander received number " + std::to_string(got->info().sequence) + ", published was " + std::to_string(*sent);
    }
    if (steady_reader_.lost() != 0) return "the bystander lost " + std::to_string(steady_reader_.lost()) + " messages";
    return {};
}

bool Bystander::receives(std::string const& text) { return wait_for(reader_, text); }

void Bystander::let_go() {
    (void)publish_busy();
    while (reader_.try_receive()) continue;
}

void Bystander::wait_for_busd() {
    constexpr std::uint64_t kNobody = 0;
    if (auto const evicted = bus_.evict(kNobody); evicted || evicted.error() != Errc::not_found)
        throw std::runtime_error("busd does not say that client 0 is not there: " + evicted.error().what());
}

std::string Bystander::publish_busy() {
    auto text = content(++sent_, 60);
    busy_.publish(std::string_view(text)).value();
    return text;
}

std::string try_out(Actor& actor, Bystander& bystander) {
    for (auto* const publisher : {&actor.publisher, &actor.other}) {
        if (!*publisher) continue;
        auto const text = content(7, 50) + " of " + std::to_string((*publisher)->id());
        if (auto const sent = (*publisher)->publish(std::string_view(text)); !sent)
            return "what was made can't publish: " + sent.error().what();
        if (!bystander.receives(text)) return "nobody receives what " + std::to_string((*publisher)->id()) + " publishes";
    }
    if (actor.subscriber && actor.reads_busy) {
        if (!wait_for(*actor.subscriber, bystander.publish_busy())) return "what was made does not receive";
    }
    return {};
}

std::string newcomer(Bystander& bystander) try {
    Actor actor;
    actor.open();
    publish_on(actor, "work/new");
    subscribe_to(actor, "work/**", true);
    return try_out(actor, bystander);
} catch (std::exception const& problem) {
    return std::string("a newcomer fails: ") + problem.what();
}

}  // namespace bus::test

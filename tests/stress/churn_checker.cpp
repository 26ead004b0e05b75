// Each rule of the header, pair by pair.
#include "churn_checker.hpp"

#include <algorithm>

namespace bus::test::churn {

namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }

bool wants(ReaderRecord const& reader, PublisherRecord const& publisher) { return (reader.plan.topics >> publisher.plan.topic & 1) != 0; }

// It had gone before the subscriber came: none of its messages is for it.
bool was_gone(ReaderRecord const& reader, PublisherRecord const& publisher) {
    auto const ended_at = publisher.ended_at.load();
    return ended_at != 0 && ended_at <= reader.joining_at.load();
}

}  // namespace

void Checker::find(Pair const& pair, std::string const& what) {
    auto const& cell = pair.cell;
    auto const& publisher = pair.publisher;
    auto const end = publisher.end.load();
    findings_.push_back("subscriber " + number(pair.reader.plan.reader) + (pair.reader.plan.reliable ? " (reliable)" : " (best-effort)") +
                        ", publisher " + number(pair.index) + " (id " + number(publisher.id) + ", " + topic_name(publisher.plan.topic) +
                        (publisher.plan.drops ? ", drops" : "") +
                        (end == End::killed ? ", killed"
                         : end == End::left ? ", left"
                                            : "") +
                        "): " + what + " [base " + number(cell.base) + ", last " + number(cell.last) + ", received " +
                        number(cell.received) + ", lost " + number(cell.lost) + ", counted " + number(cell.counted) + "; joined between " +
                        number(cell.committed_before) + " and " + number(cell.begun_at_join) + "; committed " +
                        number(publisher.committed) + ", begun " + number(publisher.begun) + ", dropped " + number(publisher.dropped) +
                        "]");
}

void Checker::check(std::size_t place, bool left) {
    auto const& reader = history_.reader(place);
    if (!reader.joined) return;
    if (reader.misplaced != 0)
        findings_.push_back("subscriber " + number(reader.plan.reader) + " got " + number(reader.misplaced) + " messages of nobody");
    static Cell const kNothing;
    std::uint64_t counted = 0;
    for (std::size_t i = 0; i < history_.publisher_count(); ++i) {
        auto const& cell = history_.cell(place, i);
        bool const known = cell.reader == reader.plan.reader;
        Pair const pair{reader, known ? cell : kNothing, history_.publishers()[i], i};
        bool const due = wants(reader, pair.publisher) && !was_gone(reader, pair.publisher);
        if (pair.cell.any()) {
            if (!due) find(pair, "was gone before it subscribed, or is of another topic");
            ++pairs_;
            check_messages(pair);
            check_beginning(pair);
        }
        if (known) check_counts(pair, left);
        if (due && reader.drained) check_end(pair);
        counted += pair.cell.counted;
    }
    // A publisher that lives may have given up one more between the two.
    if (left && (reader.drained ? counted != reader.lost : counted > reader.lost))
        findings_.push_back("subscriber " + number(reader.plan.reader) + ": lost() is " + number(reader.lost) + ", losses() are " +
                            number(counted));
}

void Checker::check_messages(Pair const& pair) {
    auto const& cell = pair.cell;
    auto const at = " at " + number(cell.wrong_at);
    if (cell.torn != 0) find(pair, number(cell.torn) + " torn messages, the first" + at);
    if (cell.disordered != 0) find(pair, number(cell.disordered) + " messages doubled, missing or out of order, the first" + at);
    if (cell.miscounted != 0) find(pair, number(cell.miscounted) + " losses are not what was given up, the first" + at);
    auto const begun = pair.publisher.begun.load();
    if (cell.last > begun) find(pair, "message " + number(cell.last) + " was never published");
    seen_[pair.index].most = std::max(seen_[pair.index].most, cell.last);
}

void Checker::check_beginning(Pair const& pair) {
    auto const& cell = pair.cell;
    if (cell.base < cell.committed_before) find(pair, "got messages of before it subscribed");
    if (cell.base > cell.begun_at_join) find(pair, "missed messages of after it had subscribed");
}

// Of one that was killed while it wrote this down the sums may be one message apart.
void Checker::check_counts(Pair const& pair, bool left) {
    auto const& cell = pair.cell;
    received_ += cell.received;
    lost_ += cell.lost;
    if (cell.open != 0) return;
    if (cell.any() && cell.received + cell.lost != cell.last - cell.base) find(pair, "received and lost are not all there were");
    if (pair.reader.plan.reliable && !pair.publisher.plan.drops && cell.lost != 0) find(pair, "a reliable subscriber lost something");
    if (left && cell.counted < cell.lost) find(pair, "losses() are less than what was told with the messages");
}

// A best-effort reader that is overrun again and again goes on further ahead, at last where its publisher stands. If that one dies just
// then no message comes any more to tell what was skipped; it has to be counted all the same, to the last one.
std::uint64_t Checker::skipped_at_end(Pair const& pair) {
    auto const& cell = pair.cell;
    bool const may = pair.publisher.end == End::killed && !pair.reader.plan.reliable && !pair.publisher.plan.drops && cell.any();
    auto const counted = cell.last + cell.counted - cell.lost;
    return may && (counted == pair.publisher.committed || counted == pair.publisher.begun) ? cell.counted - cell.lost : 0;
}

void Checker::check_end(Pair const& pair) {
    auto const& cell = pair.cell;
    auto const committed = pair.publisher.committed.load();
    auto const begun = pair.publisher.end == End::killed ? pair.publisher.begun.load() : committed;
    auto& seen = seen_[pair.index];
    auto const last = cell.last + skipped_at_end(pair);
    if (last == cell.last) check_untold(pair);
    if (!cell.any()) {
        if (committed > cell.begun_at_join) find(pair, "got nothing of it");
        seen.ends_before = std::min(seen.ends_before, std::max(committed, cell.begun_at_join));
        return;
    }
    if (last != committed && last != begun) find(pair, "did not get the last messages, or half of a batch");
    if (seen.ends_at != 0 && seen.ends_at != last) find(pair, "another subscriber ended with " + number(seen.ends_at));
    seen.ends_at = last;
}

// What was given up after the last message is counted too, though no message came to tell it. A publisher that was killed may have given up
// one more than it had time to write down; and of one that was there before we don't know what it had given up when we came.
void Checker::check_untold(Pair const& pair) {
    auto const& cell = pair.cell;
    if (!cell.any() && cell.begun_at_join != 0) return;
    auto const untold = cell.counted - cell.lost;
    auto const given_up = pair.publisher.dropped - cell.dropped;
    bool const one_more = pair.publisher.end == End::killed && pair.publisher.plan.drops && untold == given_up + 1;
    if (untold != given_up && !one_more)
        find(pair, "counted " + number(untold) + " after the last message, " + number(given_up) + " were given up");
}

void Checker::finish() {
    for (auto const& [index, seen] : seen_) {
        auto const name = "publisher " + number(index) + ": ";
        if (seen.ends_at != 0 && seen.most > seen.ends_at)
            findings_.push_back(name + "somebody got message " + number(seen.most) + ", all that read to the end ended with " +
                                number(seen.ends_at));
        if (std::max(seen.most, seen.ends_at) > seen.ends_before)
            findings_.push_back(name + "somebody got message " + number(std::max(seen.most, seen.ends_at)) +
                                ", another one found nothing after " + number(seen.ends_before));
    }
}

}  // namespace bus::test::churn

// Compares what subscribers got with what was published.
//
// For one subscriber and one publisher, from its `base` (the number before the first it got or was told to have lost):
//   * no message is torn, doubled, out of order, or of nobody; each number is received or counted as lost, exactly;
//   * a reliable subscriber loses only what its publisher gave up (WhenFull::drop), to the message;
//   * it begins where it joined. The one slack there is: messages whose publish() ran while subscribe() ran may come or not. What had
//     returned before does not come; what began after it comes. Of a publisher that came later all comes;
//   * it ends, where it lived to the end and found nothing more, with the last message whose publish() returned. The other slack: a
//     publisher killed inside a call has committed all of that call or nothing. All subscribers have to agree on which.
// One that was killed had its last message in hand, perhaps, and nobody asks it for what was to come; all else holds for it too.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "churn_history.hpp"

namespace bus::test::churn {

class Checker {
public:
    explicit Checker(History const& history) : history_(history) {}

    /// The subscriber that was at this place has left or is dead.
    void check(std::size_t place, bool left);
    /// All have been checked.
    void finish();

    std::vector<std::string> const& findings() const { return findings_; }
    std::uint64_t received() const { return received_; }
    std::uint64_t lost() const { return lost_; }
    std::uint64_t pairs() const { return pairs_; }

private:
    struct Seen {
        std::uint64_t most = 0;                         // by anybody
        std::uint64_t ends_at = 0;                      // for all that read to the end; 0: nobody did
        std::uint64_t ends_before = ~std::uint64_t{0};  // for those that got nothing more since they joined
    };
    struct Pair {
        ReaderRecord const& reader;
        Cell const& cell;
        PublisherRecord const& publisher;
        std::size_t index;
    };
    void check_messages(Pair const& pair);
    void check_beginning(Pair const& pair);
    void check_counts(Pair const& pair, bool left);
    static std::uint64_t skipped_at_end(Pair const& pair);
    void check_end(Pair const& pair);
    void check_untold(Pair const& pair);
    void find(Pair const& pair, std::string const& what);

    History const& history_;
    std::map<std::size_t, Seen> seen_;
    std::vector<std::string> findings_;
    std::uint64_t received_ = 0, lost_ = 0, pairs_ = 0;
};

}  // namespace bus::test::churn

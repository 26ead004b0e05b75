// Samples of a selection of topics, as the verbs that listen take them: echo, hz, bw, delay.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <bus/connection.hpp>
#include <bus/subscriber.hpp>

#include "context.hpp"
#include "selection.hpp"

namespace bus::tool {

struct StreamOptions {
    bool reliable = false;
    bool existing = false;  // a selection that means nothing yet is an error
    std::size_t history = 0;
};

class TopicStream {
public:
    /// Subscribes, as an observer unless reliable. Says on stderr which topics are not there yet.
    /// Errors: not_found (existing), and those of Connection::subscriber.
    static Result<TopicStream> open(Connection& bus, Selection const& selection, StreamOptions const& options, Context& context);

    /// The next sample. Before it sleeps, stdout is written out.
    /// Errors: those of wait_readable(); not_permitted where one topic was asked for and can't be read; closed, with a text: the bus ended.
    Result<Sample<Any>> next(Deadline deadline);

    std::uint64_t received() const noexcept { return received_; }
    std::uint64_t lost() const noexcept;
    /// "12 messages" and what was lost, of whom, and why.
    std::string summary() const;

private:
    TopicStream(Selection const& selection, Context& context) : selection_(&selection), context_(&context) {}
    Result<bool> try_one(std::size_t index, std::vector<Sample<Any>>& taken);
    bool wanted(std::size_t index, Sample<Any> const& sample) const;

    Selection const* selection_;
    Context* context_;
    std::vector<Subscriber<Any>> subscribers_;  // one a pattern, in its order
    std::vector<int> fds_;
    std::size_t turn_ = 0;  // the subscriber that is asked first: each has its turn
    std::uint64_t received_ = 0;
};

}  // namespace bus::tool

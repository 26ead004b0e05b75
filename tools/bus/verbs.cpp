// The table of verbs.
#include "verbs.hpp"

#include <array>

namespace bus::tool {

std::span<VerbEntry const* const> verbs() {
    static constexpr std::array kAll{&kStatus,  &kTopicLs,  &kTopicInfo,  &kTopicEcho,   &kTopicPub,   &kTopicHz,   &kTopicBw, &kTopicDelay,
                                     &kTopicRm, &kClientLs, &kClientInfo, &kClientEvict, &kSchemaShow, &kLost,      &kEvents,  &kDump,
                                     &kIpc,     &kMetrics,  &kDoctor,     &kWaitTopic,   &kSession,    &kCompletion};
    return kAll;
}

std::string_view noun_summary(std::string_view noun) {
    if (noun == "topic") return "Topics: what is published, by whom, how often, and the messages themselves.";
    if (noun == "client") return "Clients: the programs that are on the bus.";
    if (noun == "schema") return "Schemas: the types of what is published, as they travel on the bus.";
    if (noun == "wait") return "Waits until something is there.";
    return {};
}

}  // namespace bus::tool

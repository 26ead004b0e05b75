// The verbs there are: each is defined in the file of its name, and listed in verbs.cpp.
#pragma once

#include "verb.hpp"

namespace bus::tool {

extern VerbEntry const kStatus;
extern VerbEntry const kTopicLs;
extern VerbEntry const kTopicInfo;
extern VerbEntry const kTopicEcho;
extern VerbEntry const kTopicPub;
extern VerbEntry const kTopicHz;
extern VerbEntry const kTopicBw;
extern VerbEntry const kTopicDelay;
extern VerbEntry const kTopicRm;
extern VerbEntry const kClientLs;
extern VerbEntry const kClientInfo;
extern VerbEntry const kClientEvict;
extern VerbEntry const kSchemaShow;
extern VerbEntry const kLost;
extern VerbEntry const kEvents;
extern VerbEntry const kDump;
extern VerbEntry const kIpc;
extern VerbEntry const kMetrics;
extern VerbEntry const kDoctor;
extern VerbEntry const kWaitTopic;
extern VerbEntry const kSession;
extern VerbEntry const kCompletion;

}  // namespace bus::tool

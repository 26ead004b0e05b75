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
extern VerbEntry const kClientLs;
extern VerbEntry const kIpc;
extern VerbEntry const kDoctor;
extern VerbEntry const kWaitTopic;

}  // namespace bus::tool

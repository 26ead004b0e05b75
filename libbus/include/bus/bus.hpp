// All of the library but <bus/testing.hpp>.
#pragma once

#include <bus/client.hpp>
#include <bus/connection.hpp>
#include <bus/error.hpp>
#include <bus/introspect.hpp>
#include <bus/job.hpp>
#include <bus/name.hpp>
#include <bus/options.hpp>
#include <bus/payload.hpp>
#include <bus/publisher.hpp>
#include <bus/sample.hpp>
#include <bus/schema.hpp>
#include <bus/subscriber.hpp>
#include <bus/time.hpp>
#include <bus/version.hpp>

// Kernel objects, shown.
#include "object_json.hpp"

#include "quantity.hpp"
#include "table.hpp"

#include <array>
#include <cstdio>

namespace bus::tool {
namespace {

std::string held(KernelObject const& object) {
    switch (object.kind) {
        case KernelObject::Kind::segment:
            return show_bytes(static_cast<double>(object.bytes)) + ", attached " + std::to_string(object.messages);
        case KernelObject::Kind::queue:
            return std::to_string(object.messages) + " waiting";
        case KernelObject::Kind::semaphores:
            return std::to_string(object.messages) + " semaphores";
        case KernelObject::Kind::fifo:
            return {};
    }
    return {};
}

}  // namespace

std::string kind_name(KernelObject::Kind kind) {
    switch (kind) {
        case KernelObject::Kind::segment:
            return "segment";
        case KernelObject::Kind::queue:
            return "queue";
        case KernelObject::Kind::semaphores:
            return "semaphores";
        case KernelObject::Kind::fifo:
            return "fifo";
    }
    return "unknown";
}

std::string shown_key(std::int32_t key) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "0x%08x", static_cast<unsigned>(key));
    return text.data();
}

std::string shown_mode(std::uint32_t mode) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%03o", mode & 0777U);
    return text.data();
}

void add_object(JsonWriter& json, KernelObject const& object) {
    json.object().member("kind", kind_name(object.kind)).member("use", object.use);
    if (object.kind == KernelObject::Kind::fifo) {
        json.member("path", object.path);
    } else {
        json.member("id", object.id).member("key", shown_key(object.key));
    }
    json.member("uid", object.uid).member("mode", shown_mode(object.mode));
    if (object.kind == KernelObject::Kind::segment) json.member("bytes", object.bytes).member("attached", object.messages);
    if (object.kind == KernelObject::Kind::queue) json.member("bytes", object.bytes).member("messages", object.messages);
    if (object.kind == KernelObject::Kind::semaphores) json.member("semaphores", object.messages);
    json.key("client");
    object.client == 0 ? json.null() : json.value(object.client);
    json.member("exists", object.exists).end_object();
}

std::string object_table(std::vector<KernelObject> const& objects, Screen const& screen) {
    Table table({{"KIND"},
                 {"ID", Align::left, true},
                 {"KEY", Align::left, false, 3},
                 {"UID", Align::right, false, 2},
                 {"MODE", Align::left, false, 1},
                 {"USE"},
                 {"CLIENT", Align::right, false, 4},
                 {"HOLDS", Align::left, false, 5}});
    for (auto const& object : objects) {
        bool const fifo = object.kind == KernelObject::Kind::fifo;
        table.row({kind_name(object.kind), fifo ? object.path : std::to_string(object.id), fifo ? "" : shown_key(object.key),
                   std::to_string(object.uid), shown_mode(object.mode), object.use, object.client == 0 ? "" : std::to_string(object.client),
                   object.exists ? held(object) : "GONE: removed by somebody else"},
                  object.exists ? Tone::plain : Tone::bad);
    }
    return table.text(screen);
}

}  // namespace bus::tool

// Kernel objects, shown.
#include "object_json.hpp"

#include <array>
#include <cstdio>

namespace bus::tool {

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

}  // namespace bus::tool

// Schemas: made, taken apart, decoding.
#include "client/schema_state.hpp"

#include <google/protobuf/stubs/logging.h>

#include <map>
#include <mutex>

#include "client/schema_set.hpp"

namespace bus {

namespace {

namespace pb = google::protobuf;

std::string const kNoName;

// Types of the program live as long as it does, and making their sets is work: each is made once.
struct OwnTypes {
    std::mutex mutex;
    std::map<pb::Descriptor const*, Schema> schemas;
};
OwnTypes& own_types() {
    static OwnTypes* const types = new OwnTypes;  // never destroyed: threads may still ask while the program ends
    return *types;
}

}  // namespace

pb::Message const* Schema::State::prototype() const {
    if (descriptor == nullptr) return nullptr;
    return factory ? factory->GetPrototype(descriptor) : pb::MessageFactory::generated_factory()->GetPrototype(descriptor);
}

Result<Schema> Schema::of(pb::Descriptor const& type) {
    bool const own = type.file()->pool() == pb::DescriptorPool::generated_pool();
    if (!own) {
        // Somebody else's pool may go before the Schema does: a copy of the type.
        auto set = client::make_set(type);
        if (!set) return set.error();
        return from(type.full_name(), std::as_bytes(std::span(*set)));
    }
    auto& types = own_types();
    std::lock_guard const lock(types.mutex);
    if (auto const known = types.schemas.find(&type); known != types.schemas.end()) return known->second;
    auto set = client::make_set(type);
    if (!set) return set.error();
    auto state = std::make_shared<State>();
    state->type = type.full_name();
    state->set = std::move(*set);
    state->descriptor = &type;
    return types.schemas.emplace(&type, Schema(std::move(state))).first->second;
}

Result<Schema> Schema::from(std::string_view type, std::span<std::byte const> descriptor_set) {
    auto state = std::make_shared<State>();
    state->type = type;
    if (descriptor_set.empty()) return Schema(std::move(state));
    auto pool = client::build_set(descriptor_set);
    if (!pool) return pool.error();
    state->set.assign(reinterpret_cast<char const*>(descriptor_set.data()), descriptor_set.size());
    state->pool = std::move(*pool);
    return make(std::move(state), type);
}

Result<Schema> Schema::make(std::shared_ptr<State> state, std::string_view type) {
    state->descriptor = state->pool->FindMessageTypeByName(std::string(type));
    if (state->descriptor == nullptr) return Error(Errc::invalid, "descriptor set: type " + std::string(type) + " is not in it");
    state->factory = std::make_unique<pb::DynamicMessageFactory>(state->pool.get());
    return Schema(std::move(state));
}

std::string const& Schema::type() const noexcept { return state_ ? state_->type : kNoName; }

pb::Descriptor const* Schema::descriptor() const noexcept { return state_ ? state_->descriptor : nullptr; }

std::span<std::byte const> Schema::descriptor_set() const noexcept {
    return state_ ? std::as_bytes(std::span(state_->set)) : std::span<std::byte const>{};
}

Result<std::shared_ptr<pb::Message const>> Schema::decode(std::span<std::byte const> bytes) const {
    auto const* const prototype = state_ ? state_->prototype() : nullptr;
    if (prototype == nullptr)
        return Error(Errc::invalid,
                     (type().empty() ? "bytes have" : "plain struct " + type() + " has") + std::string(" no protobuf type to decode"));
    // The state comes first: it goes last.
    struct Decoded {
        std::shared_ptr<State const> state;
        std::unique_ptr<pb::Message> message;
    };
    auto decoded = std::make_shared<Decoded>(Decoded{state_, std::unique_ptr<pb::Message>(prototype->New())});
    auto& message = *decoded->message;
    // Silent and partial, for protobuf writes lines to stderr about bad strings and missing fields.
    pb::LogSilencer const silent;
    if (bytes.size() > INT32_MAX || !message.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())))
        return Error(Errc::invalid, std::to_string(bytes.size()) + " bytes are no " + type());
    if (!message.IsInitialized())
        return Error(Errc::invalid, "message of type " + type() + " lacks " + message.InitializationErrorString());
    return std::shared_ptr<pb::Message const>(std::move(decoded), &message);
}

}  // namespace bus

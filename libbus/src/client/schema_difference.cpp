// What differs between two schemas.
#include "client/schema_state.hpp"
#include "wire/type_comparison.hpp"

namespace bus {

namespace {

using Verdict = SchemaDifference::Change::Verdict;

SchemaDifference refused(SchemaDifference difference, std::string what, std::string ours, std::string theirs) {
    difference.changes.push_back({Verdict::refused, std::move(what), std::move(ours), std::move(theirs)});
    return difference;
}

}  // namespace

SchemaDifference Schema::difference(Schema const& other) const {
    auto const shown = [](Schema const& schema) { return schema.type().empty() ? std::string("bytes") : schema.type(); };
    auto const kind = [](Schema const& schema) { return schema.descriptor() != nullptr ? "protobuf" : "plain"; };
    SchemaDifference none{shown(*this), shown(other), {}};
    if (type() != other.type()) return refused(none, "(the type)", none.ours, none.theirs);
    if ((descriptor() == nullptr) != (other.descriptor() == nullptr)) return refused(none, "(the kind)", kind(*this), kind(other));
    if (descriptor() == nullptr || state_ == other.state_) return none;
    auto compared = wire::compare_types(state_->set, other.state_->set, type());
    if (!compared)
        return refused(none, "(the descriptor sets)", compared.error().what(), "");  // types that were built of them have them whole
    return std::move(*compared);
}

}  // namespace bus

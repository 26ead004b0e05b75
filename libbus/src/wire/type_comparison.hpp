// Whether two versions of a protobuf type can be read as each other, and where not.
#pragma once

#include <bus/error.hpp>
#include <string>
#include <string_view>

namespace bus::wire {

/// Compares `type` in two serialized FileDescriptorSets, with all messages and enums it is made of, by what protobuf does with the bytes:
/// fields are matched by number. Nothing is built of the sets, so they may be anybody's. Verdicts hold in both directions:
///     readable  each reads all that both know: a field or an enum's value that only one knows, or another name of one
///     lossy     some value of a common field would be lost, cut or mean something else
///     refused   a common field is no such thing to the other or has another number, or a required one is missing
/// No change: equal, but for comments, options, packing, file names, reserved ranges, the order of fields.
///
/// Returns: at most kMaxChanges changes; the rest is left out once one of them is refused.
/// Errors: invalid: a set does not parse, or lacks the type or one it is made of; too_large: more than 8192 pairs of types, or 500,000
/// fields and values, are to be compared. Extensions are not compared.
Result<SchemaDifference> compare_types(std::string_view our_set, std::string_view their_set, std::string const& type);

inline constexpr std::size_t kMaxChanges = 32;

/// The worst of its verdicts; readable where there is no change.
SchemaDifference::Change::Verdict worst_of(SchemaDifference const& difference) noexcept;

}  // namespace bus::wire

// Why messages were lost, in the words of Loss::why and LossInfo::why.
#pragma once

namespace bus::client {

inline constexpr char const* kGivenUp = "given up by the publisher: its ring was full and when_full is drop";
/// Of a reliable reader whose publisher never dropped; its cursor has one number for both.
inline constexpr char const* kTooSlowOrLate =
    "overwritten before it was read: the publisher waited for it no longer (evict_after), or it was gone before the reader came";
inline constexpr char const* kTooSlow = "overwritten before it was read: the publisher waited for it no longer (evict_after)";
inline constexpr char const* kReplaced =
    "not read yet when the broker took the ring away: it was not to be trusted, or its memory had gone";
inline constexpr char const* kBeforeItCame = "overwritten before it came: older than what the ring still held";
inline constexpr char const* kOverwritten = "overwritten before it was read: best-effort, the publisher was a ring ahead";
/// A best-effort reader misses too what the publisher gave up for a reliable one; its cursor has one number for both.
inline constexpr char const* kOverwrittenOrGivenUp =
    "overwritten before it was read, or given up by the publisher: best-effort, and its when_full is drop";
inline constexpr char const* kOfThoseGone = "by subscribers that are gone, or of publishers that are gone";

}  // namespace bus::client

// What every fallible call of the bus returns: Result<T>, a value or an Error.
//
// The policy, which the whole project follows:
//   * Bad input, a missing object, a full ring, a dead peer: an Error that names the object, the numbers and the cause; hint() holds the
//     next command to try. Nothing was changed.
//   * timeout, would_block and cancelled are ordinary answers of a waiting call: they carry no text and allocate nothing.
//   * A broken promise inside one process (a handle used by two threads that may not) is the caller's bug and not an Error.
//   * The library throws nothing by itself; Result::value() throws bus::Exception for those who like it so.
// One line per Errc: docs/errors.md.
#pragma once

#include <boost/system/result.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bus {

enum class Errc : int {
    ok = 0,
    timeout,
    would_block,
    closed,
    no_broker,
    not_found,
    not_permitted,
    schema_mismatch,
    full,
    too_large,
    server_gone,
    lease_lost,
    limit,
    invalid,
    io,
    cancelled,
    conflict,
    failed
};

/// The name of a code as it is written in the documents and in `--json`: "no_broker". "unknown" for a number that is no code.
std::string_view to_string(Errc code) noexcept;

/// Why two versions of a type can't be read as each other, as data and as text.
struct SchemaDifference {
    struct Change {
        enum class Verdict { readable, lossy, refused } verdict;
        std::string field, ours, theirs;
    };
    std::string ours, theirs;  // full names of the two types
    std::vector<Change> changes;

    /// One line a change, the refused ones first.
    std::string text() const;
};

/// A code and, where there is something to say, a text shared by all copies: copying never allocates.
///
/// Threads: distinct objects may be used at once, copies too.
class Error {
public:
    Error() noexcept = default;                 // Errc::ok: what Result::error() gives where there is a value
    Error(Errc code) noexcept : code_(code) {}  // NOLINT(google-explicit-constructor): `return bus::Errc::not_found;`
    Error(Errc code, std::string what, std::string hint = {}, int detail = 0);

    /// The same with the difference of two types: code() is schema_mismatch, what() ends with its text.
    Error(std::string what, SchemaDifference difference, std::string hint = {});

    /// The same error as the answer of a service's handler: remote() is true.
    Error as_remote() const;

    Errc code() const noexcept { return code_; }
    int detail() const noexcept;   // failed: the handler's own number; io and limit: errno, where the kernel said so
    bool remote() const noexcept;  // said by the service's handler, not by the bus
    std::string what() const;
    std::string hint() const;
    SchemaDifference const* schema_difference() const noexcept;  // null unless schema_mismatch; lives as long as any copy of this Error

    friend bool operator==(Error const& a, Errc b) noexcept { return a.code_ == b; }

private:
    struct Text;
    std::shared_ptr<Text const> text_;
    Errc code_ = Errc::ok;
};

/// What Result<T>::value() throws.
class Exception : public std::runtime_error {
public:
    explicit Exception(Error error);
    Error const& error() const noexcept;

private:
    std::shared_ptr<Error const> error_;
};

[[noreturn]] void throw_exception_from_error(Error const& error, boost::source_location const& where);  // found by boost::system::result

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace bus

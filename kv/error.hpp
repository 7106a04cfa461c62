// What can go wrong in the store, as values for the caller and as an exception for a broken machine.
#pragma once

#include <boost/system/result.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alcove::kv {

enum class Errc : std::uint8_t {
    not_found,             // The key is absent, or the namespace's owner was dropped.
    check_failed,          // A check of the commit did not hold; nothing changed.
    type_mismatch,         // An operation met a value of another type; nothing changed.
    too_large,             // A key, value, commit or result exceeds its limit; nothing changed.
    invalid,               // The request makes no sense, whatever the state (an empty key, a bad position).
    idempotency_conflict,  // The request id was used before with another commit.
    compacted,             // The history no longer reaches back that far.
    quota_exceeded,        // The namespace would hold more than its quota; nothing changed. Deletes still work.
    rate_limited,          // The namespace has had its writes for now; nothing changed.
    overloaded,            // Too much is queued; try again later. Nothing was logged.
    store_full,            // The map or the disk is full. Nothing was logged; deletes still work.
    shutting_down,         // The store is closing. Nothing was logged.
    outcome_unknown,       // The disk failed while the commit was logged; the process is about to exit.
};

// A short stable name such as "check_failed", for logs.
std::string_view to_string(Errc code);

struct FailedCheck {
    std::size_t index = 0;                         // position in Commit::checks
    std::optional<std::uint64_t> current_version;  // nullopt: the key is absent
};

// Which quota a commit would have exceeded.
struct ExceededQuota {
    enum class Kind : std::uint8_t { bytes, keys };
    Kind kind = Kind::bytes;
    std::uint64_t used = 0;  // before the commit
    std::uint64_t limit = 0;
};

struct Error {
    Errc code = Errc::invalid;
    std::string message = {};                    // for a person; never holds values of other callers
    std::optional<std::size_t> operation = {};   // position in Commit::operations that failed
    std::vector<FailedCheck> failed = {};        // for check_failed
    std::optional<ExceededQuota> exceeded = {};  // for quota_exceeded
    std::int64_t retry_after_ms = 0;             // for rate_limited: a write may go through then
    bool emptied = false;                        // for compacted: the namespace was emptied since that version
    std::uint64_t oldest = 0;                    // for compacted: what came after this version can be read
};

inline Error error(Errc code, std::string message) {
    return {.code = code, .message = std::move(message)};
}

// Called by result::value() on an error; callers that test first never meet it.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

// The machine or the data is broken (an I/O error, a damaged file): nobody can go on from here.
class StoreFailure : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// The process may open no more files for now. Nothing is broken: it can be tried again.
class OutOfDescriptors : public StoreFailure {
public:
    using StoreFailure::StoreFailure;
};

}  // namespace alcove::kv

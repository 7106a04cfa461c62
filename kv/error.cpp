// Names of the store's errors, and the exception for a caller that took a value without testing.
#include "kv/error.hpp"

namespace alcove::kv {

std::string_view to_string(Errc code) {
    switch (code) {
        case Errc::not_found:
            return "not_found";
        case Errc::check_failed:
            return "check_failed";
        case Errc::type_mismatch:
            return "type_mismatch";
        case Errc::too_large:
            return "too_large";
        case Errc::invalid:
            return "invalid";
        case Errc::idempotency_conflict:
            return "idempotency_conflict";
        case Errc::compacted:
            return "compacted";
        case Errc::quota_exceeded:
            return "quota_exceeded";
        case Errc::rate_limited:
            return "rate_limited";
        case Errc::overloaded:
            return "overloaded";
        case Errc::store_full:
            return "store_full";
        case Errc::shutting_down:
            return "shutting_down";
        case Errc::outcome_unknown:
            return "outcome_unknown";
    }
    return "unknown";
}

// Not a StoreFailure: the store is whole, its caller is not.
void throw_exception_from_error(const Error& error, const boost::source_location& where) {
    std::string message(to_string(error.code));
    if (!error.message.empty()) message += ": " + error.message;
    throw std::logic_error(message + " (taken as a value in " + where.to_string() + ")");
}

}  // namespace alcove::kv

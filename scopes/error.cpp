#include "scopes/error.hpp"

#include <boost/throw_exception.hpp>
#include <stdexcept>

namespace alcove::scopes {

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
    boost::throw_exception(std::runtime_error("unhandled outcome: " + error.message), where);
}

Error store_error(const kv::Error& cause) {
    return {.code = Errc::store, .message = cause.message, .cause = cause};
}

Error bad_cursor() {
    return {.code = Errc::bad_cursor, .message = "the cursor is not one of this list", .field = "cursor"};
}

Error invalid_error(std::string field, std::string message) {
    return {.code = Errc::invalid, .message = std::move(message), .field = std::move(field)};
}

Error changes_too_often(std::string_view what) {
    kv::Error cause;
    cause.code = kv::Errc::overloaded;
    cause.message = "the " + std::string(what) + " changes too often";
    return store_error(cause);
}

}  // namespace alcove::scopes

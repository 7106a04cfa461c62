// What can go wrong in identity, as values for the caller.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kv/error.hpp"

namespace alcove::scopes {

enum class Errc : std::uint8_t {
    workspace_not_found,    // No workspace has that id or slug.
    end_user_not_found,     // No end user has that id or external id.
    connection_not_found,   // No connection has that id, or none fits the selectors.
    integration_not_found,  // No integration of the workspace has that id or alias, or none fits the selectors.
    token_not_found,        // No token or API key has that id.
    event_not_found,        // No event of the workspace has that id, or it is too old.
    webhook_not_found,      // No event destination or trigger of the workspace has that id.
    slug_exists,            // Another workspace has the slug.
    alias_conflict,         // Another integration of the workspace has the alias.
    duplicate,              // Another end user or connection of the workspace has the external id.
    ambiguous_integration,  // Several integrations fit the selectors; `names` are their aliases.
    connection_terminated,  // The connection was ended for good.
    connection_required,    // Nothing says which connection to use.
    invalid,                // What was asked makes no sense; `field` says what of it.
    too_many,               // A bound on how many there may be is reached.
    bad_cursor,             // The cursor is not one of this list.
    store,                  // The store refused; see `cause`.
};

struct Error {
    Errc code = Errc::store;
    std::string message;             // for a person
    std::optional<kv::Error> cause;  // for Errc::store
    std::string field;               // the member that it is about, if it is about one
    std::vector<std::string> names;  // for ambiguous_integration
};

Error bad_cursor();
Error invalid_error(std::string field, std::string message);

// Called by result::value() on an error; callers that test first never meet it.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

// What the store refused, as an error of this layer.
Error store_error(const kv::Error& cause);

// A change was tried again and again, and others were always faster.
Error changes_too_often(std::string_view what);

}  // namespace alcove::scopes

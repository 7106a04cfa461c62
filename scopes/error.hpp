// What can go wrong in identity, as values for the caller.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "kv/error.hpp"

namespace alcove::scopes {

enum class Errc : std::uint8_t {
    workspace_not_found,  // No workspace has that id or slug.
    end_user_not_found,   // No end user has that id or external id.
    slug_exists,          // Another workspace has the slug.
    duplicate,            // Another end user of the workspace has the external id.
    bad_cursor,           // The cursor is not one of this list.
    store,                // The store refused; see `cause`.
};

struct Error {
    Errc code = Errc::store;
    std::string message;             // for a person
    std::optional<kv::Error> cause;  // for Errc::store
};

// Called by result::value() on an error; callers that test first never meet it.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

// What the store refused, as an error of this layer.
Error store_error(const kv::Error& cause);

// A change was tried again and again, and others were always faster.
Error changes_too_often(std::string_view what);

}  // namespace alcove::scopes

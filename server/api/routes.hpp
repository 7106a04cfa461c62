// The table of every endpoint.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "scopes/principal.hpp"
#include "server/api/call.hpp"

namespace alcove::api {

using Handler = asio::awaitable<void> (*)(Call& call);

struct Endpoint {
    http::Method method;
    // A pattern of the router. `NS` at its front stands for the forms of a namespace's path.
    std::string_view pattern;
    std::optional<scopes::Permission> permission;  // nullopt: public, or the handler sees to it
    Handler handler;
    std::optional<scopes::Permission> and_permission = {};  // both are needed
    std::optional<scopes::Permission> or_permission = {};   // as good as `permission`; the handler looks further
};

std::span<const Endpoint> endpoints();

}  // namespace alcove::api

// The table of every endpoint.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scopes/principal.hpp"
#include "server/api/call.hpp"
#include "server/schema/schema.hpp"

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

// A row of the table under one of its patterns: those of `NS` have four.
struct Route {
    const Endpoint* endpoint;
    NamespaceForm form;
    std::string pattern;
    const schema::Shape* body;  // what a JSON body must fit; nullptr: it takes none
};

// Throws std::logic_error when nothing is said of a row in server/openapi.
std::vector<Route> routes();

}  // namespace alcove::api

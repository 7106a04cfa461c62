// What the actions of several integrations have in common.
#pragma once

#include <string_view>

#include "server/actions/registry.hpp"

namespace alcove::actions {

// What a commit of one operation failed of.
api::Problem to_problem(kv::Error error);

// One page of a collection by the members `prefix`, `limit` and `cursor` of the input. A cursor holds for the
// action, the namespace and the prefix.
asio::awaitable<api::Result<kv::Page>> read_page(ActionContext& context, std::string_view action_name,
                                                 kv::Collection collection);
// The value of `cursor` behind it.
void print_cursor(json::Writer& writer, const ActionContext& context, std::string_view action_name,
                  const kv::Page& page);

// What a collection holds that begins with `search`, for forms.
asio::awaitable<api::Result<std::vector<std::string>>> list_options(kv::Store& store,
                                                                    const kv::NamespaceName& namespace_name,
                                                                    std::string_view search,
                                                                    kv::Collection collection);

}  // namespace alcove::actions

#include "server/api/catalog.hpp"

#include <algorithm>

#include "server/actions/registry.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"

namespace alcove::api {
namespace {

void print_integration(json::Writer& writer, const actions::Integration& integration) {
    writer.open_object().member("name", integration.name).member("displayName", integration.display_name);
    writer.member("description", integration.description).name("actions").open_array();
    for (const auto& action : integration.actions) {
        writer.open_object().member("name", action.name).member("description", action.description);
        writer.name("inputSchema").raw(schema::to_json_schema(action.input));
        writer.name("outputSchema").raw(schema::to_json_schema(action.output)).close_object();
    }
    writer.close_array().name("triggers").open_array();
    for (const auto& trigger : integration.triggers) {
        writer.open_object().member("name", trigger.name).member("displayName", trigger.display_name);
        writer.member("description", trigger.description);
        writer.name("inputSchema").raw(schema::to_json_schema(trigger.input)).close_object();
    }
    writer.close_array().close_object();
}

}  // namespace

Problem integration_not_built_in() {
    return Problem(404, "INTEGRATION_NOT_FOUND", "no integration of that name is built in");
}

asio::awaitable<void> list_catalog(Call& call) {
    auto query = parse_query(call);
    if (!query) co_return call.fail(query.error());
    const auto page = take_page(*query, {"integrations"});
    if (!page) co_return call.fail(page.error());
    if (auto problem = refuse_unknown(*query)) co_return call.fail(*problem);

    const auto all = actions::integrations();
    auto begin = std::min(page->offset, all.size());
    if (!page->cursor.empty()) {
        const auto is_last = [&page](const auto* integration) { return integration->name == page->cursor; };
        const auto last = std::ranges::find_if(all, is_last);
        if (last == all.end()) co_return call.fail(invalid_field("cursor", "'cursor' is not one of this list"));
        begin = static_cast<std::size_t>(last - all.begin()) + 1;
    }
    const auto shown = all.subspan(begin, std::min(page->limit, all.size() - begin));
    const bool more = begin + shown.size() < all.size();
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("integrations").open_array();
    for (const auto* integration : shown)
        print_integration(writer, *integration);
    print_list_end(writer, all.size(), {"integrations"}, more ? shown.back()->name : std::string_view());
}

asio::awaitable<void> get_catalog_entry(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto* integration = actions::find_integration(call.param("name"));
    if (integration == nullptr) co_return call.fail(integration_not_built_in());
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("integration");
    print_integration(writer, *integration);
    writer.close_object();
}

}  // namespace alcove::api

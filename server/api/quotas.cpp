#include "server/api/quotas.hpp"

#include <string>
#include <utility>
#include <vector>

#include "server/api/cursor.hpp"
#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/namespaces.hpp"
#include "server/api/parameters.hpp"
#include "server/api/resources.hpp"
#include "server/schema/schema.hpp"

namespace alcove::api {
namespace {

struct ListParameters {
    kv::NamespaceFilter filter;
    kv::NamespacesRequest page;
};

// A cursor holds for the workspace and the filter; the size of a page may change on the way.
template <class Use>
auto with_cursor_scope(const scopes::Uuid& workspace, const kv::NamespaceFilter& filter, Use use) {
    const auto id = scopes::format_uuid(workspace);
    const auto scope = filter.scope ? name_of(*filter.scope) : std::string_view();
    return use({"namespaces", id, scope, filter.subject_prefix});
}

Result<ListParameters> take_parameters(const Call& call, const scopes::Uuid& workspace) {
    ListParameters parameters;
    auto query = parse_query(call);
    if (!query) return query.error();
    const auto scope = query->take("scope");
    const auto prefix = query->take("prefix");
    const auto limit = take_number(*query, "limit", 1, scopes::list_limit_max, scopes::list_limit_default);
    const auto cursor = query->take("cursor");
    if (auto problem = refuse_unknown(*query)) return *std::move(problem);
    if (!limit) return limit.error();
    if (scope) {
        for (const auto& [name, each] : scope_names) {
            if (name == *scope) parameters.filter.scope = each;
        }
        if (!parameters.filter.scope) {
            return invalid_field("scope", "'scope' must be workspace, end_user or external");
        }
    }
    if (prefix && parameters.filter.scope != kv::Scope::external) {
        return invalid_field("prefix", "'prefix' is that of an external key: it needs scope=external");
    }
    if (prefix && prefix->size() > kv::limits::subject_bytes_max) {
        return invalid_field("prefix", "'prefix' is longer than an external key can be");
    }
    parameters.filter.subject_prefix = prefix.value_or("");
    parameters.page.entries_max = *limit;
    if (!cursor) return parameters;
    auto position = with_cursor_scope(workspace, parameters.filter,
                                      [&cursor](CursorScope of) { return parse_cursor(of, *cursor); });
    if (!position) return invalid_field("cursor", "'cursor' is not one of this list");
    parameters.page.after = std::move(*position);
    return parameters;
}

void print_limit(json::Writer& writer, std::string_view name, const std::optional<std::uint64_t>& limit) {
    writer.name(name);
    limit ? writer.number(*limit) : writer.null();
}

void print_quota(json::Writer& writer, const kv::Quota& quota) {
    writer.name("quota").open_object();
    print_limit(writer, "bytes", quota.bytes);
    print_limit(writer, "keys", quota.keys);
    print_limit(writer, "writesPerSecond", quota.writes_per_second);
    writer.close_object();
}

void print_counters(json::Writer& writer, const kv::Usage& usage) {
    writer.name("keys").number(usage.keys).name("bytes").number(usage.bytes);
    writer.name("files").number(usage.files).name("fileBytes").number(usage.file_bytes);
}

void print_last_written(json::Writer& writer, const kv::Usage& usage) {
    if (usage.last_written_ms == 0) {
        writer.name("lastWrittenAt").null();
    } else {
        print_time(writer, "lastWrittenAt", usage.last_written_ms);
    }
}

// The subject as the client knows it; for an end user also what it is here.
struct Subject {
    std::optional<std::string> text;
    std::optional<scopes::Uuid> end_user;
};

void print_item(json::Writer& writer, const kv::NamespaceInfo& info, const Subject& subject) {
    writer.open_object().member("scope", name_of(info.name.scope)).optional_member("subject", subject.text);
    writer.name("endUserUuid");
    subject.end_user ? writer.string(scopes::format_uuid(*subject.end_user)) : writer.null();
    print_counters(writer, info.usage);
    print_quota(writer, info.quota);
    print_last_written(writer, info.usage);
    writer.close_object();
}

void answer_quota(Call& call, const kv::NamespaceInfo& info) {
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object();
    print_quota(writer, info.quota);
    writer.name("usage").open_object();
    print_counters(writer, info.usage);
    print_last_written(writer, info.usage);
    writer.close_object().close_object();
}

std::optional<std::uint64_t> read_limit(ObjectReader& in, std::string_view name) {
    const auto* value = in.any(name);
    if (value == nullptr || value->type == json::Type::null) return std::nullopt;
    return static_cast<std::uint64_t>(schema::to_integer(value->raw));
}

}  // namespace

asio::awaitable<void> list_namespaces(Call& call) {
    auto workspace = co_await resolve_workspace(call, call.param("workspace"));
    if (!workspace) co_return call.fail(workspace.error());
    const scopes::Uuid id = (*workspace)->workspace;
    const auto parameters = take_parameters(call, id);
    if (!parameters) co_return call.fail(parameters.error());
    auto page = co_await call.services.store.namespaces(id, parameters->filter, parameters->page);
    if (!page && page.error().code == kv::Errc::invalid) {
        co_return call.fail(invalid_field("cursor", "'cursor' is not one of this list"));
    }
    if (!page) co_return call.fail(to_problem(page.error()));

    std::vector<scopes::Uuid> end_users;
    for (const auto& info : page->items) {
        if (info.name.scope == kv::Scope::end_user) end_users.push_back(scopes::uuid_of_bytes(info.name.subject));
    }
    auto external_ids = co_await call.services.identity.end_users.external_ids(id, end_users);
    if (!external_ids) co_return call.fail(to_problem(external_ids.error()));

    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("namespaces").open_array();
    std::size_t next_end_user = 0;
    for (const auto& info : page->items) {
        Subject subject;
        if (info.name.scope == kv::Scope::external) subject.text = info.name.subject;
        if (info.name.scope == kv::Scope::end_user) {
            subject.end_user = end_users[next_end_user];
            subject.text = std::move((*external_ids)[next_end_user++]);
            if (!subject.text) continue;  // deleted: what it held is on its way out
        }
        print_item(writer, info, subject);
    }
    writer.close_array().name("cursor");
    if (page->next.empty()) {
        writer.null();
    } else {
        writer.string(with_cursor_scope(id, parameters->filter,
                                        [&page](CursorScope of) { return print_cursor(of, page->next); }));
    }
    writer.close_object();
}

asio::awaitable<void> get_quota(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto info = co_await call.services.store.describe(*call.namespace_name);
    if (!info) co_return call.fail(to_problem(info.error()));
    answer_quota(call, *info);
}

asio::awaitable<void> put_quota(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    ObjectReader in(*document, document->root());
    const kv::Quota quota{.bytes = read_limit(in, "bytes"),
                          .keys = read_limit(in, "keys"),
                          .writes_per_second = read_limit(in, "writesPerSecond")};
    if (auto problem = in.finish()) co_return call.fail(*problem);

    auto version = co_await call.services.store.set_quota(*call.namespace_name, quota);
    if (!version) co_return call.fail(to_problem(version.error()));
    auto info = co_await call.services.store.describe(*call.namespace_name);
    if (!info) co_return call.fail(to_problem(info.error()));
    info->quota = quota;  // whoever came in between
    answer_quota(call, *info);
}

asio::awaitable<void> delete_data(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto request_id = take_request_id(call, {});
    if (!request_id) co_return call.fail(request_id.error());
    auto outcome = co_await call.services.store.empty(*call.namespace_name, std::move(*request_id));
    if (!outcome) co_return call.fail(to_problem(outcome.error()));
    set_replayed(call.response, outcome->replayed);
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("emptied").boolean(true);
    writer.member("version", std::to_string(outcome->version)).close_object();
}

}  // namespace alcove::api

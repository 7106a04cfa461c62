#include "server/api/kv.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "server/api/conditions.hpp"
#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/long_poll.hpp"
#include "server/api/operations.hpp"
#include "server/api/parameters.hpp"
#include "server/api/values.hpp"
#include "server/http/date.hpp"
#include "server/watch/limits.hpp"

namespace alcove::api {
namespace {

constexpr std::size_t headers_reserve = 256;

void set_expires_at(http::Response& response, const std::optional<kv::TimeMs>& expires_ms) {
    if (!expires_ms) return;
    const auto time = http::format_iso_time(*expires_ms);
    response.set("Alcove-Expires-At", http::view(time));
}

// `ttl` or `expiresAt` of the query.
Result<kv::Expiry> take_expiry(Call& call) {
    if (call.request.query.empty()) return kv::Expiry::never();
    auto query = parse_query(call);
    if (!query) return query.error();
    const auto ttl = query->take("ttl");
    const auto expires_at = query->take("expiresAt");
    if (auto problem = refuse_unknown(*query)) return *std::move(problem);
    if (ttl && expires_at) return invalid_field("expiresAt", "'ttl' and 'expiresAt' exclude each other");
    if (ttl) return parse_ttl("ttl", *ttl);
    if (expires_at) return parse_expires_at("expiresAt", *expires_at, call.services.store.now_ms());
    return kv::Expiry::never();
}

// How long a read may wait for news; nullopt: not at all.
Result<std::optional<std::chrono::milliseconds>> take_wait(const Call& call) {
    using std::chrono::milliseconds;
    if (call.request.query.empty() || plain_end_user(call)) return std::optional<milliseconds>();
    auto query = parse_query(call);
    if (!query) return query.error();
    const auto seconds = query->take("wait");
    if (auto problem = refuse_unknown(*query)) return *std::move(problem);
    if (!seconds) return std::optional<milliseconds>();
    const auto time = parse_ttl("wait", *seconds);
    if (!time || time->ms > watch::limits::wait_max.count()) {
        return invalid_field("wait", "'wait' must be a number of seconds above 0 and at most " +
                                         std::to_string(watch::limits::wait_max.count() / 1000));
    }
    return std::optional(milliseconds(time->ms));
}

}  // namespace

asio::awaitable<void> get_key(Call& call) {
    const auto wait = take_wait(call);
    if (!wait) co_return call.fail(wait.error());
    const auto key = call.param("key");
    if (auto problem = refuse_key("key", key)) co_return call.fail(*problem);

    auto reading = *wait ? get_when_new(call, key, **wait) : call.services.store.get(*call.namespace_name, key);
    auto entry = co_await std::move(reading);
    if (!entry) co_return call.fail(to_problem(entry.error()));
    const auto verdict = judge_read(call.request, *entry);
    if (!verdict) co_return call.fail(verdict.error());
    if (*verdict == ReadVerdict::failed) co_return call.fail(precondition_failed(entry->version));

    auto& response = call.response;
    response.headers.reserve(headers_reserve);
    set_etag(response, entry->version);
    set_last_modified(response, entry->updated_ms);
    set_expires_at(response, entry->expires_ms);
    if (*verdict == ReadVerdict::not_modified) {
        response.status = 304;
        co_return;
    }
    response.set("Content-Type", entry->content_type);
    response.set("X-Content-Type-Options", "nosniff");
    response.body = std::move(entry->value);
}

asio::awaitable<void> put_key(Call& call) {
    const auto key = call.param("key");
    if (auto problem = refuse_key("key", key)) co_return call.fail(*problem);
    const auto expiry = take_expiry(call);
    if (!expiry) co_return call.fail(expiry.error());
    const auto content_type = take_content_type(call.request);
    if (!content_type) co_return call.fail(content_type.error());
    auto checks = write_checks(call.request, key);
    if (!checks) co_return call.fail(checks.error());
    auto body = co_await read_body(call, call.services.settings.value_bytes);
    if (!body) co_return call.fail(body.error());

    kv::Commit commit;
    commit.value_bytes_max = call.services.settings.value_bytes;
    commit.checks = std::move(*checks);
    commit.operations.emplace_back(kv::Put{.key = std::string(key),
                                           .value = std::string(*body),
                                           .content_type = std::string(*content_type),
                                           .expiry = *expiry});
    auto outcome = co_await call.services.store.commit(*call.namespace_name, std::move(commit));
    if (!outcome) co_return call.fail(single_problem(outcome.error()));

    const auto& result = outcome->results.front();
    call.response.status = result.existed ? 204 : 201;
    set_etag(call.response, outcome->version);
    if (result.entry) set_expires_at(call.response, result.entry->expires_ms);
}

asio::awaitable<void> delete_key(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto key = call.param("key");
    if (auto problem = refuse_key("key", key)) co_return call.fail(*problem);
    auto checks = write_checks(call.request, key);
    if (!checks) co_return call.fail(checks.error());
    auto request_id = take_request_id(call, {});
    if (!request_id) co_return call.fail(request_id.error());

    // Without conditions the key must only be there: a deletion of nothing fails, so that it is not remembered.
    const bool conditional = !checks->empty();
    if (!conditional) checks->push_back({.key = std::string(key), .kind = kv::Check::Kind::present});
    kv::Commit commit;
    commit.checks = std::move(*checks);
    commit.operations.emplace_back(kv::Delete{.key = std::string(key)});
    commit.request_id = std::move(*request_id);
    auto outcome = co_await call.services.store.commit(*call.namespace_name, std::move(commit));
    if (!outcome && outcome.error().code == kv::Errc::check_failed && !conditional) {
        co_return call.fail(not_found("there is no such key"));
    }
    if (!outcome) co_return call.fail(single_problem(outcome.error()));
    set_replayed(call.response, outcome->replayed);
    call.response.status = 204;
}

asio::awaitable<void> operate_on_key(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto key = call.param("key");
    if (auto problem = refuse_key("key", key)) co_return call.fail(*problem);
    auto checks = write_checks(call.request, key);
    if (!checks) co_return call.fail(checks.error());
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    auto operation = parse_single_operation(*document, key, call.services.store.now_ms());
    if (!operation) co_return call.fail(operation.error());
    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    kv::Commit commit;
    commit.value_bytes_max = call.services.settings.value_bytes;
    commit.checks = std::move(*checks);
    const Shape shape = shape_of(*operation);
    commit.operations.push_back(std::move(*operation));
    commit.request_id = std::move(*request_id);
    auto outcome = co_await call.services.store.commit(*call.namespace_name, std::move(commit));
    if (!outcome) co_return call.fail(single_problem(outcome.error()));

    const auto& result = outcome->results.front();
    if (is_missing(shape, result)) co_return call.fail(not_found("there is no such key"));
    set_replayed(call.response, outcome->replayed);
    call.begin_json(200);
    json::Writer writer(call.response.body);
    print_result(writer, shape, result);
}

}  // namespace alcove::api

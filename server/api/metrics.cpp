#include "server/api/metrics.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "scopes/secret.hpp"
#include "server/api/json.hpp"
#include "server/api/metric_families.hpp"
#include "server/api/namespaces.hpp"
#include "server/api/resources.hpp"
#include "server/auth/authenticator.hpp"
#include "server/metrics/busy_namespaces.hpp"

namespace alcove::api {
namespace {

constexpr std::string_view text_format = "text/plain; version=0.0.4; charset=utf-8";

// `remote` is an address and a port: "127.0.0.1:51234" or "[::1]:51234".
bool is_this_machine(std::string_view remote) {
    auto host = remote.substr(0, remote.rfind(':'));
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    boost::system::error_code error;
    const auto address = asio::ip::make_address(host, error);
    if (error) return false;
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).is_loopback();
    }
    return address.is_loopback();
}

bool is_token(const http::Request& request, const std::string& token) {
    const auto header = request.header("authorization");
    if (!header || request.count("authorization") != 1) return false;
    return scopes::same_secret(auth::bearer_token(*header), token);
}

// What a proxy on this machine passed on comes from anywhere.
bool is_passed_on(const http::Request& request) {
    constexpr std::string_view marks[] = {"forwarded", "via", "x-forwarded-for", "x-real-ip"};
    return std::ranges::any_of(marks,
                               [&request](std::string_view mark) { return request.header(mark).has_value(); });
}

std::optional<Problem> refuse_scraper(const Call& call) {
    const auto& settings = call.services.settings.metrics;
    if (!settings.enabled) return not_found("there is no such path");
    if (settings.token.empty()) {
        if (is_this_machine(call.request.remote) && !is_passed_on(call.request)) return std::nullopt;
        return Problem(403, "FORBIDDEN", "without metrics.token only this machine may ask for metrics");
    }
    if (is_token(call.request, settings.token)) return std::nullopt;
    return Problem(401, "UNAUTHENTICATED", "metrics.token is required as a bearer token");
}

void print_rate(json::Writer& writer, double per_second) {
    char digits[32];
    const auto end = std::to_chars(digits, digits + sizeof digits, per_second, std::chars_format::fixed, 2);
    writer.name("requestsPerSecond").raw({digits, end.ptr});
}

}  // namespace

asio::awaitable<void> get_metrics(Call& call) {
    if (auto problem = refuse_scraper(call)) co_return call.fail(*problem);
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    call.response.set("Content-Type", text_format);
    call.response.set("Cache-Control", "no-store");
    call.response.body = print_metrics(call.services);
}

asio::awaitable<void> list_busiest_namespaces(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto busy = call.services.busy_namespaces.top();
    std::erase_if(busy, [&call](const auto& each) { return !call.principal->reaches(each.name); });
    if (busy.size() > metrics::limits::busy_shown_max) busy.resize(metrics::limits::busy_shown_max);

    std::string items;
    json::Writer writer(items);
    writer.open_array();
    for (const auto& [name, per_second] : busy) {
        std::optional<std::string> subject;
        std::optional<scopes::Uuid> end_user;
        if (name.scope == kv::Scope::external) subject = name.subject;
        if (name.scope == kv::Scope::end_user) {
            end_user = scopes::uuid_of_bytes(name.subject);
            const std::vector<scopes::Uuid> ids{*end_user};
            auto external_ids = co_await call.services.identity.end_users.external_ids(name.workspace, ids);
            if (!external_ids) co_return call.fail(to_problem(external_ids.error()));
            subject = std::move(external_ids->front());
            if (!subject) continue;  // deleted
        }
        writer.open_object().member("workspaceId", scopes::format_uuid(name.workspace));
        writer.member("scope", name_of(name.scope)).optional_member("subject", subject);
        print_id(writer, "endUserUuid", end_user);
        print_rate(writer, per_second);
        writer.close_object();
    }
    writer.close_array();
    call.begin_json(200);
    json::Writer(call.response.body).open_object().name("namespaces").raw(items).close_object();
}

}  // namespace alcove::api

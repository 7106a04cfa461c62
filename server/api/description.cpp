#include "server/api/description.hpp"

#include <charconv>
#include <limits>
#include <utility>

#include "scopes/secret.hpp"
#include "server/api/conditions.hpp"
#include "server/openapi/document.hpp"

namespace alcove::api {

Description Description::make(std::string_view public_url) {
    Description description{.json = openapi::print_document(public_url)};
    // Fifteen digits of the hash are a version as good as any, and never 0.
    const auto hash = "1" + scopes::sha256_hex(description.json).substr(0, 15);
    std::from_chars(hash.data(), hash.data() + hash.size(), description.version, 16);
    return description;
}

asio::awaitable<void> get_description(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto& description = call.services.description;
    // It changes with the program, which no date tells.
    const kv::Entry entry{.version = description.version, .updated_ms = std::numeric_limits<kv::TimeMs>::max()};
    const auto verdict = judge_read(call.request, entry);
    if (!verdict) co_return call.fail(verdict.error());
    if (*verdict == ReadVerdict::failed) co_return call.fail(precondition_failed(entry.version));
    set_etag(call.response, description.version);
    if (*verdict == ReadVerdict::not_modified) {
        call.response.status = 304;
        co_return;
    }
    call.begin_json(200);
    call.response.body = description.json;
}

}  // namespace alcove::api

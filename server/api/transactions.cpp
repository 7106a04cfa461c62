#include "server/api/transactions.hpp"

#include <utility>
#include <vector>

#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/operations.hpp"

namespace alcove::api {

asio::awaitable<void> commit_transaction(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    auto document = co_await read_json(call);
    if (!document) co_return call.fail(document.error());
    auto commit = parse_transaction(*document, call.services.store.now_ms());
    if (!commit) co_return call.fail(commit.error());
    auto request_id = take_request_id(call, document->root().raw);
    if (!request_id) co_return call.fail(request_id.error());

    commit->value_bytes_max = call.services.settings.value_bytes;
    commit->request_id = std::move(*request_id);
    const auto checks = commit->checks;
    std::vector<Shape> shapes;
    for (const auto& operation : commit->operations)
        shapes.push_back(shape_of(operation));
    auto outcome = co_await call.services.store.commit(*call.namespace_name, std::move(*commit));
    if (!outcome && outcome.error().code == kv::Errc::check_failed) {
        co_return call.fail(checks_failed(checks, outcome.error()));
    }
    if (!outcome) co_return call.fail(to_problem(outcome.error()));

    set_replayed(call.response, outcome->replayed);
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().member("version", std::to_string(outcome->version)).name("results").open_array();
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        const auto& result = outcome->results[i];
        if (is_missing(shapes[i], result)) {
            writer.null();
        } else {
            print_result(writer, shapes[i], result);
        }
    }
    writer.close_array().close_object();
}

}  // namespace alcove::api

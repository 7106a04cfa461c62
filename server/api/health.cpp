#include "server/api/health.hpp"

#include "server/api/json.hpp"

namespace alcove::api {

asio::awaitable<void> get_health(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    call.begin_json(200);
    call.response.body = R"({"status":"ok"})";
}

asio::awaitable<void> get_readiness(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto status = call.services.store.status();
    std::string reasons;
    json::Writer writer(reasons);
    if (call.services.stopping) writer.member("shutdown", "the server stops");
    if (!status.open) writer.member("store", "the store is closed");
    if (status.open && !status.writable) {
        writer.member("store", status.reason.empty() ? std::string_view("writes are refused") : status.reason);
    }
    if (reasons.empty()) {
        call.begin_json(200);
        call.response.body = R"({"status":"ready"})";
        co_return;
    }
    call.begin_json(503);
    call.response.set("Retry-After", "1");
    call.response.body = R"({"status":"unavailable","reasons":{)" + reasons + "}}";
}

}  // namespace alcove::api

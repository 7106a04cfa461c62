#include "server/api/health.hpp"

#include "server/api/json.hpp"

namespace alcove::api {

Readiness readiness_of(const kv::StoreStatus& store, bool leaving) {
    Readiness readiness;
    if (leaving) readiness.shutdown = "stopping";
    if (store.failed) {
        readiness.store = "failed";
    } else if (!store.open) {
        readiness.store = "closed";
    } else {
        if (store.shortage.map) readiness.store = "map_full";
        if (store.shortage.disk) readiness.disk = "reserve_reached";
    }
    return readiness;
}

asio::awaitable<void> get_health(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    call.begin_json(200);
    call.response.body = R"({"status":"ok"})";
}

asio::awaitable<void> get_readiness(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto readiness = readiness_of(call.services.store.status(), call.services.leaving);
    call.begin_json(readiness.ready() ? 200 : 503);
    if (!readiness.ready()) call.response.set("Retry-After", "1");
    json::Writer writer(call.response.body);
    writer.open_object().member("status", readiness.ready() ? "ready" : "unavailable");
    writer.name("checks").open_object().member("store", readiness.store).member("disk", readiness.disk);
    writer.member("shutdown", readiness.shutdown).close_object().close_object();
}

}  // namespace alcove::api

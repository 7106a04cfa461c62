// The execution of actions over HTTP, on an instance that the test chooses in place of the one that the selectors
// of a request would come to. Everything else goes to the product.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "scopes/principal.hpp"
#include "server/api/actions.hpp"
#include "server/http/router.hpp"
#include "tests/server/api_fixture.hpp"
#include "tests/support/build.hpp"

namespace alcove::test {

class ActionService final : public http::Service {
public:
    ActionService(kv::Store& store, api::App& app) : store_(store), app_(app) {
        router_.add(http::Method::post, "/api/v1/actions/execute", execute_route);
        router_.add(http::Method::post, "/api/v1/integrations/{name}/properties/options", options_route);
        principal_.permissions.add(scopes::Permission::admin);
    }

    void resolve_to(api::ResolvedInstance instance) {
        const std::scoped_lock lock(mutex_);
        instance_ = std::move(instance);
    }

    boost::asio::awaitable<void> serve(http::Exchange& exchange) override {
        const auto match = router_.match(exchange.request.method, exchange.request.path);
        if (match.outcome != http::Router::Outcome::matched) {
            co_await app_.serve(exchange);
            co_return;
        }
        const api::Services services{
            .store = store_, .identity = app_.identity(), .settings = settings_, .stopping = stopping_};
        api::Call call{.exchange = exchange,
                       .request = exchange.request,
                       .response = exchange.response,
                       .match = match,
                       .services = services,
                       .form = api::NamespaceForm::none,
                       .principal = &principal_};
        const auto resolved = instance();
        if (match.route == execute_route) {
            const auto request = co_await api::read_execute_request(call);
            if (!request) co_return call.fail(request.error());
            co_await api::execute_action(call, *request, resolved);
        } else {
            const auto request = co_await api::read_options_request(call);
            if (!request) co_return call.fail(request.error());
            co_await api::list_options(call, *request, resolved);
        }
    }

    void protocol_error(http::Response& response, unsigned status, std::string_view code,
                        std::string_view message) override {
        app_.protocol_error(response, status, code, message);
    }
    void sent(const http::Request&, unsigned, std::size_t, std::int64_t) override {}
    void failed(const http::Request&, std::string_view) override {}

private:
    static constexpr http::Router::Route execute_route = 0;
    static constexpr http::Router::Route options_route = 1;

    api::ResolvedInstance instance() {
        const std::scoped_lock lock(mutex_);
        return instance_;
    }

    kv::Store& store_;
    api::App& app_;
    const api::Settings settings_;
    const std::atomic<bool> stopping_ = false;
    scopes::Principal principal_;
    http::Router router_;
    std::mutex mutex_;
    api::ResolvedInstance instance_{
        .namespace_name = workspace_namespace(), .integration_name = "kv-store", .enabled_actions = {}};
};

class ActionApiFixture : public ApiFixture {
public:
    static constexpr const char* execute_path = "/api/v1/actions/execute";
    static constexpr const char* options_path = "/api/v1/integrations/kv-store/properties/options";

    ActionApiFixture()
        : ApiFixture([](kv::Engine& store, api::App& app) -> std::unique_ptr<http::Service> {
              return std::make_unique<ActionService>(store, app);
          }) {}

    void resolve_to(api::ResolvedInstance instance) {
        dynamic_cast<ActionService&>(front()).resolve_to(std::move(instance));
    }

    // `{"integrationName":"kv-store","actionName":…,"workspaceId":"acme","input":…<more>}`
    static std::string body(std::string_view action, std::string_view input, std::string_view more = {}) {
        return R"({"integrationName":"kv-store","actionName":")" + std::string(action) +
               R"(","workspaceId":"acme","input":)" + std::string(input) + std::string(more) + "}";
    }
};

}  // namespace alcove::test

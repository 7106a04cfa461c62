// The whole product behind a real socket, over a real store, with a clock that the test moves.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>

#include "kv/lmdb/engine.hpp"
#include "server/api/app.hpp"
#include "server/http/server.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {

// What differs from run to run: UUIDs become U, times T, versions V, request ids and cursors their name.
inline std::string masked(std::string text) {
    static const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}");
    static const std::regex time("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
    static const std::regex version("\"(version|currentVersion)\":\"\\d+\"");
    static const std::regex cursor("\"cursor\":\"[A-Za-z0-9_-]+\"");
    text = std::regex_replace(text, uuid, "U");
    text = std::regex_replace(text, time, "T");
    text = std::regex_replace(text, version, "\"$1\":\"V\"");
    return std::regex_replace(text, cursor, "\"cursor\":\"C\"");
}

// The text of a JSON string member, wherever it stands first.
inline std::string member(const std::string& json, const std::string& name) {
    std::smatch found;
    const std::regex pattern("\"" + name + "\":\"([^\"]*)\"");
    return std::regex_search(json, found, pattern) ? found[1].str() : std::string();
}

class ApiFixture {
public:
    static constexpr const char* key = "alc_the-root-key-of-the-tests";

    ApiFixture() { open(); }
    ~ApiFixture() { close(); }

    void open() {
        kv::EngineOptions options;
        options.directory = data_;
        options.wall_clock = clock.source();
        options.segment_bytes = std::uint64_t{4} << 20;
        options.notice = [](std::string_view) {};
        server_ = std::make_unique<http::Server>(http::ServerOptions());
        engine_ = kv::open_engine(options);
        app_ = std::make_unique<api::App>(*engine_, settings);
        run(app_->start(std::string(key))).value();
        server_->start(*app_);
    }
    void close() {
        client_.reset();
        server_->stop();
        app_.reset();
        engine_.reset();
        server_.reset();
    }

    kv::Engine& store() { return *engine_; }
    api::App& app() { return *app_; }
    std::uint16_t port() const { return server_->port(); }
    const std::filesystem::path& data() const { return data_; }

    // With the root key.
    Reply send(std::string_view method, std::string_view target, std::string_view body = {},
               HttpClient::Headers headers = {}) {
        if (!headers.contains("Authorization")) headers.emplace("Authorization", std::string("Bearer ") + key);
        return send_as(method, target, body, headers);
    }
    // With just these headers.
    Reply send_as(std::string_view method, std::string_view target, std::string_view body = {},
                  const HttpClient::Headers& headers = {}) {
        if (!client_) client_.emplace(port());
        try {
            auto reply = client_->send(method, target, body, headers);
            if (reply.header("connection") == "close") client_.reset();
            return reply;
        } catch (...) {
            client_.reset();
            throw;
        }
    }

    // "200 {…}", masked: for one-line expectations.
    std::string call(std::string_view method, std::string_view target, std::string_view body = {},
                     HttpClient::Headers headers = {}) {
        return masked(send(method, target, body, std::move(headers)).text());
    }
    // "400 VALIDATION_ERROR limit": status, code and field of an error.
    std::string refusal(std::string_view method, std::string_view target, std::string_view body = {},
                        HttpClient::Headers headers = {}) {
        const auto reply = send(method, target, body, std::move(headers));
        const auto field = member(reply.body, "field");
        return std::to_string(reply.status) + " " + member(reply.body, "code") + (field.empty() ? "" : " " + field);
    }

    std::string create_workspace(std::string_view slug) {
        const auto body = "{\"name\":\"A\",\"slug\":\"" + std::string(slug) + "\"}";
        return member(send("POST", "/api/v1/workspaces", body).body, "id");
    }
    std::string create_end_user(std::string_view workspace, std::string_view external_id) {
        const auto body = "{\"workspaceId\":\"" + std::string(workspace) + "\",\"externalId\":\"" +
                          std::string(external_id) + "\"}";
        return member(send("POST", "/api/v1/end-users", body).body, "id");
    }

    ManualClock clock;
    api::Settings settings;

private:
    TemporaryFolder folder_;
    const std::filesystem::path data_ = folder_ / "data";
    std::unique_ptr<http::Server> server_;  // first: what resumes coroutines on its threads goes before it
    std::unique_ptr<kv::Engine> engine_;
    std::unique_ptr<api::App> app_;
    std::optional<HttpClient> client_;
};

// With a workspace `acme` and its end user `u`.
class NamespaceFixture : public ApiFixture {
public:
    NamespaceFixture() {
        workspace_id = create_workspace("acme");
        end_user_id = create_end_user("acme", "u");
    }

    std::string workspace_id;
    std::string end_user_id;
    const std::string ns = "/api/v1/workspaces/acme";
    const std::string kv = ns + "/kv";
};

}  // namespace alcove::test

// As the fixture of watches, with a store and a server whose options the test chooses.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/server/watch_fixture.hpp"

namespace alcove::test {

// A workspace `acme` with its end user `u`, in a store that keeps next to no history: segments of 64 KiB go as soon
// as they are applied.
class TunedBase {
public:
    static constexpr const char* key = ApiFixture::key;

    TunedBase() {
        options.directory = folder_ / "data";
        options.wall_clock = clock.source();
        options.segment_bytes = std::uint64_t{64} << 10;
        options.history_bytes = 0;
        options.notice = [](std::string_view) {};
        open();
        send("POST", "/api/v1/workspaces", R"({"name":"A","slug":"acme"})");
        send("POST", "/api/v1/end-users", R"({"workspaceId":"acme","externalId":"u"})");
    }
    ~TunedBase() { close(); }

    void open() {
        server_ = std::make_unique<http::Server>(server_options);
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
    // With other options from now on.
    void reopen(const std::function<void()>& change) {
        close();
        change();
        open();
    }

    kv::Engine& store() { return *engine_; }
    std::uint16_t port() const { return server_->port(); }

    Reply send(std::string_view method, std::string_view target, std::string_view body = {},
               HttpClient::Headers headers = {}) {
        headers.emplace("Authorization", std::string("Bearer ") + key);
        if (!client_) client_.emplace(port());
        return client_->send(method, target, body, headers);
    }

    ManualClock clock;
    api::Settings settings;
    kv::EngineOptions options;
    http::ServerOptions server_options;
    const std::string ns = "/api/v1/workspaces/acme";
    const std::string kv = ns + "/kv";

private:
    TemporaryFolder folder_;
    std::unique_ptr<http::Server> server_;  // first: what resumes coroutines on its threads goes before it
    std::unique_ptr<kv::Engine> engine_;
    std::unique_ptr<api::App> app_;
    std::optional<HttpClient> client_;
};

class TunedFixture : public Watching<TunedBase> {
public:
    // Writes until all that was there before has left the history.
    void forget_history() {
        const auto filler = quoted(std::string(30'000, 'x'));
        for (int i = 0; i < 8; ++i)
            put("filler", filler);
        apply_and_trim();
    }
    // What is applied is trimmed by the store's own thread right behind.
    void apply_and_trim() {
        store().apply_now();
        std::this_thread::sleep_for(200ms);
    }
};

}  // namespace alcove::test

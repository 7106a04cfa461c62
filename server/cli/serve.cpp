// `alcove serve`: puts configuration, store, application and listener together, and takes them apart again.
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "kv/lmdb/engine.hpp"
#include "server/api/app.hpp"
#include "server/cli/cli.hpp"
#include "server/cli/notify.hpp"
#include "server/http/date.hpp"
#include "server/http/server.hpp"
#include "server/log.hpp"
#include "server/master_key.hpp"

namespace alcove::cli {

namespace {

namespace asio = boost::asio;

// So that the last answers leave before a failed store ends the process.
constexpr auto fatal_grace = std::chrono::milliseconds(200);

unsigned thread_count(const Config& config) {
    if (config.threads != 0) return static_cast<unsigned>(config.threads);
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
    return static_cast<unsigned>(CPU_COUNT(&allowed));
}

kv::EngineOptions engine_options(const Config& config) {
    kv::EngineOptions options;
    options.directory = config.data;
    options.map_bytes = config.map_bytes;
    options.disk_reserve_bytes = config.disk_reserve_bytes;
    options.segment_bytes = config.segment_bytes;
    options.overlay_bytes = config.overlay_bytes;
    options.apply_interval = config.apply_interval;
    options.history = config.history;
    options.history_age = config.history_age;
    options.history_bytes = config.history_bytes;
    options.queued_commits_max = config.queued_commits_max;
    options.notice = [](std::string_view text) { log::warn("store", {{"notice", text}}); };
    options.fatal = [](std::string_view why) {
        log::error("store_failed", {{"cause", why}});
        std::this_thread::sleep_for(fatal_grace);
        log::finish();
        std::_Exit(exit_failure);
    };
    return options;
}

webhooks::DelivererOptions webhook_options(const Config& config) {
    return {.sender = {.allow_private_targets = config.allow_private_targets,
                       .timeout = config.webhook_timeout,
                       .concurrency_max = config.webhook_concurrency_max},
            .retry = {.backoff = {.first = config.webhook_retry_first, .max = config.webhook_retry_max},
                      .attempts_max = static_cast<std::uint32_t>(config.webhook_attempts_max)}};
}

// nullptr for plain HTTP. Throws std::runtime_error.
std::shared_ptr<const http::Certificate> load_certificate(const Config& config) {
    if (config.certificate_file.empty()) return nullptr;
    auto certificate = std::make_shared<const http::Certificate>(config.certificate_file, config.key_file);
    const auto expires = http::format_iso_time(certificate->expires_s() * 1000);
    log::info("certificate", {{"subject", certificate->subject()}, {"expires", http::view(expires)}});
    return certificate;
}

// One that cannot be read leaves the former one in use.
void renew_certificate(http::Server& server, const Config& config) {
    try {
        if (auto certificate = load_certificate(config)) server.renew(std::move(certificate));
    } catch (const std::exception& failure) {
        log::error("certificate_not_renewed", {{"cause", failure.what()}});
    }
}

http::ServerOptions server_options(const Config& config) {
    const ListenAddress listen = parse_listen(config.listen);
    http::ServerOptions options;
    options.address = listen.address;
    options.port = listen.port;
    options.threads = thread_count(config);
    options.certificate = load_certificate(config);
    options.connections_max = config.connections_max;
    options.header_timeout = config.header_timeout;
    options.body_timeout = config.body_timeout;
    options.write_timeout = config.write_timeout;
    options.idle_timeout = config.idle_timeout;
    options.shutdown_grace = config.shutdown;
    return options;
}

std::string url_of(const http::ServerOptions& options, std::uint16_t port) {
    const bool v6 = options.address.find(':') != std::string::npos;
    return (options.certificate ? "https://" : "http://") + (v6 ? "[" + options.address + "]" : options.address) +
           ":" + std::to_string(port);
}

// Runs App::start to its end. `context` must outlive the store.
std::optional<std::string> start_app(asio::io_context& context, api::App& app,
                                     std::optional<std::string> root_key) {
    std::optional<scopes::Result<std::optional<std::string>>> outcome;
    auto task = app.start(std::move(root_key));
    const auto done = [&outcome](std::exception_ptr failure, scopes::Result<std::optional<std::string>> result) {
        if (failure) std::rethrow_exception(failure);
        outcome.emplace(std::move(result));
    };
    asio::co_spawn(context, std::move(task), done);
    context.run();
    if (!*outcome) throw std::runtime_error("the start failed: " + outcome->error().message);
    return std::move(**outcome);
}

// However serving ends, what was logged is written.
struct FinishLog {
    FinishLog() = default;
    ~FinishLog() { log::finish(); }
    FinishLog(const FinishLog&) = delete;
    FinishLog& operator=(const FinishLog&) = delete;
};

// SIGTERM, SIGINT and SIGHUP are taken by waiting for them, on the main thread; all other threads leave them alone.
class Signals {
public:
    Signals() {
        ::sigemptyset(&set_);
        for (const int signal : {SIGTERM, SIGINT, SIGHUP})
            ::sigaddset(&set_, signal);
        ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
        ::signal(SIGPIPE, SIG_IGN);
    }
    int wait() {
        int signal = 0;
        ::sigwait(&set_, &signal);
        return signal;
    }
    // Returns early when the server is told to stop once more.
    static void wait_at_most(std::chrono::milliseconds time) {
        sigset_t stops;
        ::sigemptyset(&stops);
        ::sigaddset(&stops, SIGTERM);
        ::sigaddset(&stops, SIGINT);
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time);
        const timespec until{.tv_sec = seconds.count(),
                             .tv_nsec = std::chrono::nanoseconds(time - seconds).count()};
        ::sigtimedwait(&stops, nullptr, &until);
    }

private:
    sigset_t set_{};
};

// Every connection takes a descriptor, and the usual limit is lower than server.connections_max. The hard one
// stays.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);  // where it fails, the server has what it was given
}

// At once: when the start fails after this, the key is already made and would never be shown.
void print_admin_key(const std::string& admin_key) {
    std::printf("admin key: %s  (shown once; keep it)\n", admin_key.c_str());
    std::fflush(stdout);
}

void print_listening(const std::string& url) {
    std::printf("listening on %s\n", url.c_str());
    std::fflush(stdout);
}

}  // namespace

int serve(const Config& config, std::optional<std::string> root_key) {
    check_together(config);
    Signals signals;
    raise_descriptor_limit();
    log::configure(log::level_of(config.log_level));
    const FinishLog finish_log;
    {
        const http::ServerOptions options = server_options(config);
        boost::asio::io_context start_context;
        http::Server server(options);
        const std::unique_ptr<kv::Engine> store = kv::open_engine(engine_options(config));
        api::App app(*store,
                     {.value_bytes = config.value_bytes,
                      .file_bytes = config.file_bytes,
                      .token_rate = {.per_second = config.token_requests_per_second, .burst = config.token_burst},
                      .namespace_rate = {.per_second = config.namespace_requests_per_second,
                                         .burst = config.namespace_burst},
                      .access_log = config.access_log,
                      .external_id_rename = config.external_id_rename,
                      .public_url = config.public_url,
                      .allowed_origins = parse_origins(config.allowed_origins),
                      .watch_heartbeat = config.watch_heartbeat,
                      .master_keys = load_master_keys(master_key_path(config)),
                      .webhooks = webhook_options(config),
                      .metrics = {.enabled = config.metrics, .token = config.metrics_token}});
        const std::optional<std::string> admin_key = start_app(start_context, app, std::move(root_key));
        if (admin_key) print_admin_key(*admin_key);
        server.start(app);
        const std::string url = url_of(options, server.port());
        print_listening(url);
        log::info("started", {{"url", url}, {"data", config.data}, {"version", ALCOVE_VERSION}});
        notify(notify_ready);
        int signal = signals.wait();
        for (; signal == SIGHUP; signal = signals.wait())
            renew_certificate(server, config);
        log::info("stopping", {{"signal", std::int64_t{signal}}});
        notify(notify_stopping);
        app.leave();
        Signals::wait_at_most(config.drain);
        server.stop();
        store->close();
    }
    log::info("stopped", {});
    return exit_ok;
}

}  // namespace alcove::cli

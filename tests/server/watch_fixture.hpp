// Watches over real sockets: what opens them, what writes beside them, and what the store then holds.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "tests/server/api_fixture.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/sse_reader.hpp"
#include "tests/support/watch_client.hpp"
#include "tests/support/watch_frames.hpp"

namespace alcove::test {

using namespace std::chrono_literals;

inline const std::string watch_path = "/api/v1/watch";

inline HttpClient::Headers bearer(const std::string& token) {
    return {{"Authorization", "Bearer " + token}};
}

// The version that an answer's ETag names.
inline std::uint64_t version_of(const Reply& reply) {
    const auto tag = reply.header("etag");
    return tag.size() < 3 ? 0 : std::stoull(tag.substr(1));
}

// `{"op":"put","key":"a","value":1}`
inline std::string put_op(const std::string& key, const std::string& value) {
    return R"({"op":"put","key":")" + key + R"(","value":)" + value + "}";
}
inline std::string delete_op(const std::string& key) {
    return R"({"op":"delete","key":")" + key + "\"}";
}
inline std::string operations(const std::vector<std::string>& all) {
    std::string text;
    for (const auto& each : all)
        text.append(text.empty() ? "" : ",").append(each);
    return "{\"operations\":[" + text + "]}";
}
inline std::string quoted(const std::string& text) {
    return "\"" + text + "\"";
}

// Threads that write until they are done or told to stop; joined with the object.
class Writers {
public:
    // `write` is called over and over with the number of the writer and of the call, until it returns false.
    using Write = std::function<bool(HttpClient& client, int writer, int call)>;

    Writers(std::uint16_t port, int count, const Write& write) {
        for (int writer = 0; writer < count; ++writer)
            threads_.emplace_back([this, port, write, writer] {
                HttpClient client(port);
                for (int i = 0; !stop_ && write(client, writer, i); ++i) {
                }
            });
    }
    ~Writers() {
        stop_ = true;
        join();
    }
    Writers(const Writers&) = delete;
    Writers& operator=(const Writers&) = delete;

    void join() {
        for (auto& thread : threads_)
            if (thread.joinable()) thread.join();
    }
    void stop() {
        stop_ = true;
        join();
    }

private:
    std::atomic<bool> stop_ = false;
    std::vector<std::thread> threads_;
};

// `Base` has a server, its root `key`, and a namespace `ns` with its `kv`.
template <class Base>
class Watching : public Base {
public:
    using Base::key;
    using Base::kv;
    using Base::ns;
    using Base::port;
    using Base::send;

    // A socket for many watches; who connects is known, and `hello` was read.
    WatchClient connect(const std::string& token = key) {
        WatchClient client(port(), watch_path, bearer(token));
        need(client, "hello");
        return client;
    }
    // One watch; `hello` and `ok` were read.
    WatchClient watch(const std::string& query = "", const std::string& in = "") {
        auto client = begin(query, in);
        need(client, "ok");
        return client;
    }
    // One watch; `hello` was read.
    WatchClient begin(const std::string& query = "", const std::string& in = "", const std::string& token = key) {
        WatchClient client(port(), target_of(query, in), bearer(token));
        need(client, "hello");
        return client;
    }
    // "403 FORBIDDEN", or "error 400 …" when it was the first frame that said so; code and field as in refusal().
    std::string refused(const std::string& target, const HttpClient::Headers& headers = bearer(key),
                        const std::string& subprotocols = "alcove.v1") {
        try {
            WatchClient client(port(), target, headers, subprotocols);
            auto frame = client.receive();
            if (frame.type == "hello") frame = client.receive();
            return told(frame);
        } catch (const UpgradeRefused& refused) {
            const auto field = member(refused.reply.body, "field");
            return std::to_string(refused.reply.status) + " " + member(refused.reply.body, "code") +
                   (field.empty() ? "" : " " + field);
        }
    }
    std::string refused_watch(const std::string& query, const std::string& in = "") {
        return refused(target_of(query, in));
    }
    // `in` may have a query of its own.
    std::string target_of(const std::string& query, const std::string& in = "") const {
        const auto path = in.empty() ? ns : in;
        const auto at = std::min(path.find('?'), path.size());
        auto all = path.substr(std::min(at + 1, path.size()));
        if (!query.empty()) all += (all.empty() ? "" : "&") + query;
        return path.substr(0, at) + "/watch" + (all.empty() ? "" : "?") + all;
    }
    static void need(WatchClient& client, std::string_view type) {
        const auto frame = client.receive();
        if (frame.type != type) throw std::runtime_error("no " + std::string(type) + ": " + frame.text);
    }

    // Each returns the version of its commit.
    std::uint64_t put(const std::string& name, const std::string& json, const std::string& query = "") {
        return version_of(
            need_success(send("PUT", kv + "/" + name + query, json, {{"Content-Type", "application/json"}})));
    }
    std::uint64_t transact(const std::vector<std::string>& all) {
        const auto reply = need_success(send("POST", ns + "/transactions", operations(all)));
        return std::stoull(member(reply.body, "version"));
    }
    std::uint64_t erase(const std::string& name) { return transact({delete_op(name)}); }

    Replica::Entries entries(const std::string& prefix = "", const std::string& in = "") {
        HttpClient client(port());
        return read_entries(client, bearer(key), in.empty() ? kv : in, prefix);
    }

    // Waits, while the store's clock stands still.
    static bool eventually(const std::function<bool()>& holds) {
        for (int i = 0; i < 1000; ++i) {
            if (holds()) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }

private:
    static Reply need_success(Reply reply) {
        if (reply.status / 100 != 2) throw std::runtime_error("refused: " + reply.text());
        return reply;
    }
};

using WatchFixture = Watching<NamespaceFixture>;

}  // namespace alcove::test

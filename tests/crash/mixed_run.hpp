// Clients of a server that is killed over and over: each alone writes what it writes, and knows what it must find.
#pragma once

#include <openssl/evp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/crash/watch_run.hpp"
#include "tests/crash/workload.hpp"
#include "tests/server/api_fixture.hpp"
#include "tests/support/receiver.hpp"

namespace alcove::test::mixed_run {

using namespace std::chrono_literals;
using watch_run::Clock;
using watch_run::headers;
using watch_run::number_text;
using watch_run::Random;
using watch_run::Stage;

inline const std::string mixed = "/api/v1/workspaces/mixed";

inline HttpClient::Headers with_headers(HttpClient::Headers more) {
    more.insert(headers.begin(), headers.end());
    return more;
}

// Operation: run() works on one server after the other, on a thread of its own. look() is called first on each: it
// holds what is there against what was acknowledged, and settles what nobody had been told of when the last one was
// killed.
// Errors: what is not as it should be is kept in `problems`; a broken connection is what this is about.
class Client {
public:
    Client(Stage& stage, std::uint64_t seed) : random_(seed), stage_(stage) {}
    virtual ~Client() = default;
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void run() {
        while (const auto port = stage_.wait_for_server()) {
            try {
                HttpClient client(port);
                look(client);
                while (stage_.write)
                    step(client);
            } catch (const boost::system::system_error&) {  // killed
            } catch (const std::exception& thrown) {
                problem(thrown.what());
                return;
            }
        }
    }
    virtual void look(HttpClient& client) = 0;

    std::uint64_t acknowledged = 0;
    std::string problems;

protected:
    virtual void step(HttpClient& client) = 0;

    void problem(const std::string& text) {
        if (problems.size() < 2000) problems += text + "\n";
    }
    // Whether it was done. A server that has no time for it just now has not done it.
    bool done(const Reply& reply, unsigned status) {
        if (reply.status == status) {
            ++acknowledged;
            return true;
        }
        if (reply.status != 503 && reply.status != 429) problem("refused: " + reply.text());
        return false;
    }

    Random random_;

private:
    Stage& stage_;
};

// Transactions of several keys, each under a check. Half of one would show: the pair would differ, the counter
// would not be the number of commits, or there would not be exactly one temporary key.
class PairClient final : public Client {
public:
    PairClient(Stage& stage, int number, std::uint64_t seed)
        : Client(stage, seed),
          number_(number),
          keys_(mixed + subjects[static_cast<std::size_t>(number) % 4]),
          prefix_("pair" + std::to_string(number) + "/") {}

    void look(HttpClient& client) override {
        const auto found = read_entries(client, headers, keys_ + "/kv", prefix_);
        const auto left = found.find(prefix_ + "left");
        const std::uint64_t count =
            left == found.end() ? 0 : std::stoull(left->second.value.substr(1, left->second.value.find(':') - 1));
        if (count != count_ && !(pending_ && count == count_ + 1))
            problem(prefix_ + " is at " + std::to_string(count) + " instead of " + std::to_string(count_));
        if (found != expected(count, left == found.end() ? 0 : left->second.version))
            problem(prefix_ + " is not whole at " + std::to_string(count));
        if (count == count_ && count != 0 && left->second.version != version_)
            problem(prefix_ + " has another version than was acknowledged");
        count_ = count;
        version_ = left == found.end() ? 0 : left->second.version;
        pending_ = false;
    }

private:
    static inline const std::vector<std::string> subjects{"", "/end-users/pairs", "/external/pairs",
                                                          "/integrations/kv"};

    Replica::Entries expected(std::uint64_t count, std::uint64_t version) const {
        if (count == 0) return {};
        const std::string value = "\"" + payload(number_, count) + "\"";
        return {{prefix_ + "counter", {.version = version, .value = std::to_string(count)}},
                {prefix_ + "left", {.version = version, .value = value}},
                {prefix_ + "right", {.version = version, .value = value}},
                {prefix_ + "temporary/" + std::to_string(count), {.version = version, .value = "1"}}};
    }
    void step(HttpClient& client) override {
        const auto count = std::to_string(count_ + 1);
        const auto value = R"(","text":")" + payload(number_, count_ + 1) + "\"}";
        const auto at = [&](const char* name) { return R"("key":")" + prefix_ + name; };
        const auto version = version_ == 0 ? "null" : "\"" + std::to_string(version_) + "\"";
        const auto body = "{\"checks\":[{" + at("left") + R"(","version":)" + version + R"(}],"operations":[)" +
                          R"({"op":"put",)" + at("left") + value + R"(,{"op":"increment",)" + at("counter") +
                          R"("},{"op":"deletePrefix","prefix":")" + prefix_ + R"(temporary/"},{"op":"put",)" +
                          at("temporary/") + count + R"(","value":1},{"op":"put",)" + at("right") + value + "]}";
        pending_ = true;
        const auto reply = client.send("POST", keys_ + "/transactions", body, headers);
        pending_ = false;
        if (!done(reply, 200)) return;
        ++count_;
        version_ = std::stoull(number_text(reply.body, "version"));
    }

    const int number_;
    const std::string keys_;
    const std::string prefix_;
    std::uint64_t count_ = 0;
    std::uint64_t version_ = 0;
    bool pending_ = false;
};

// Increments that are sent again until they are acknowledged, each under its own Idempotency-Key: all are done
// once. Beside them keys that live for a moment.
class CounterClient final : public Client {
public:
    CounterClient(Stage& stage, int number, std::uint64_t seed)
        : Client(stage, seed),
          key_(mixed + "/external/counters/kv/count" + std::to_string(number)),
          short_key_(mixed + "/external/counters/kv/short" + std::to_string(number)) {}

    void look(HttpClient& client) override {
        const auto reply = client.send("GET", key_, {}, headers);
        const std::uint64_t found = reply.status == 404 ? 0 : std::stoull(reply.body);
        if (found != count_ && !(pending_ && found == count_ + 1))
            problem(key_ + " is " + reply.body + " instead of " + std::to_string(count_));
        look_at_short(client);
    }

private:
    static constexpr auto life = 300ms;

    void step(HttpClient& client) override {
        if (random_() % 20 == 0) return look_at_short(client);
        if (random_() % 20 == 0) return put_short(client);
        pending_ = true;
        const auto id = key_ + "/" + std::to_string(count_ + 1);
        const auto reply =
            client.send("POST", key_, R"({"op":"increment"})", with_headers({{"Idempotency-Key", id}}));
        if (!done(reply, 200)) return;
        const auto value = reply.body.find("\"value\":" + std::to_string(count_ + 1) + ",");
        if (value == std::string::npos) problem("increment " + id + " came to " + reply.body);
        pending_ = false;
        ++count_;
    }
    void put_short(HttpClient& client) {
        const auto sent = Clock::now();
        short_.reset();
        const auto reply = client.send("PUT", short_key_ + "?ttl=0.3", "1", headers);
        if (reply.status != 201 && reply.status != 204) return;
        ++acknowledged;
        short_ = Short{.sent = sent, .answered = Clock::now()};
    }
    void look_at_short(HttpClient& client) {
        if (!short_) return;
        const auto before = Clock::now();
        const bool there = client.send("GET", short_key_, {}, headers).status == 200;
        if (there && before - short_->answered > life + 50ms) problem(short_key_ + " outlived its time");
        if (!there && Clock::now() - short_->sent < life - 50ms) problem(short_key_ + " was lost");
    }

    struct Short {
        Clock::time_point sent;
        Clock::time_point answered;
    };
    const std::string key_;
    const std::string short_key_;
    std::uint64_t count_ = 0;
    bool pending_ = false;
    std::optional<Short> short_;  // the last that was acknowledged, unless one came behind that was not
};

// A file that is replaced and deleted under conditions, in the record or in a blob of its own.
class FileClient final : public Client {
public:
    FileClient(Stage& stage, int number, std::uint64_t seed)
        : Client(stage, seed), number_(number), target_(mixed + "/files/file" + std::to_string(number)) {}

    void look(HttpClient& client) override {
        const auto reply = client.send("GET", target_, {}, headers);
        const auto is = [&](const State& state) {
            if (state.count == 0) return reply.status == 404;
            return reply.status == 200 && reply.body == file_content(number_, state.count) &&
                   reply.header("repr-digest") == digest(reply.body) &&
                   (state.version == 0 || reply.header("etag") == tag(state.version));
        };
        if (pending_ && is(*pending_)) {
            state_ = *pending_;
            if (state_.count != 0) state_.version = std::stoull(reply.header("etag").substr(1));
        } else if (!is(state_)) {
            problem(target_ + " is " + std::to_string(reply.status) + " " + reply.header("etag") + " with " +
                    std::to_string(reply.body.size()) + " bytes instead of number " + std::to_string(state_.count) +
                    " at " + std::to_string(state_.version));
        }
        pending_.reset();
    }

private:
    struct State {
        std::uint64_t count = 0;  // of the content; 0: there is no file
        std::uint64_t version = 0;
    };

    static std::string tag(std::uint64_t version) { return "\"" + std::to_string(version) + "\""; }
    static std::string digest(const std::string& content) {
        const auto sha256 = sha256_of(content);
        std::string base64(44, '\0');
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), sha256.data(), 32);
        return "sha-256=:" + base64 + ":";
    }
    void step(HttpClient& client) override {
        const bool there = state_.count != 0;
        const auto condition =
            there ? with_headers({{"If-Match", tag(state_.version)}}) : with_headers({{"If-None-Match", "*"}});
        if (there && random_() % 6 == 0) {
            pending_ = State{};
            if (done(client.send("DELETE", target_, {}, condition), 204)) state_ = {};
        } else {
            pending_ = State{.count = ++last_, .version = 0};
            const auto reply = client.send("PUT", target_, file_content(number_, last_), condition);
            if (done(reply, there ? 204 : 201))
                state_ = {.count = last_, .version = std::stoull(reply.header("etag").substr(1))};
        }
        pending_.reset();
    }

    const int number_;
    const std::string target_;
    State state_;
    std::optional<State> pending_;
    std::uint64_t last_ = 0;
};

// An end user that gets one external id after the other, while the oldest are taken away.
class UserClient final : public Client {
public:
    UserClient(Stage& stage, int number, std::uint64_t seed)
        : Client(stage, seed), name_("user" + std::to_string(number) + "-") {}

    // Ids behind the removed ones, up to the primary one, lead to the end user and its data; the others to nobody.
    void look(HttpClient& client) override {
        if (pending_ == Pending::create) uuid_ = uuid_of(client, 0);
        if (pending_ == Pending::rename && !uuid_of(client, last_ + 1).empty()) ++last_;
        if (pending_ == Pending::removal && uuid_of(client, first_).empty()) ++first_;
        pending_ = Pending::none;
        if (uuid_.empty()) return;
        for (std::uint64_t id = first_ == 0 ? 0 : first_ - 1; id <= last_ + 1; ++id) {
            const bool leads = id >= first_ && id <= last_;
            if (uuid_of(client, id) != (leads ? uuid_ : "")) problem(name(id) + " leads elsewhere");
            if (!written_) continue;
            const auto reply = client.send("GET", keys(id) + "/who", {}, headers);
            if (reply.status != (leads ? 200U : 404U) || (leads && reply.body != name_))
                problem(name(id) + " has other data: " + reply.text());
        }
        const auto shown = client.send("GET", "/api/v1/end-users/" + uuid_, {}, headers);
        if (member(shown.body, "externalId") != name(last_)) problem(name(last_) + " is not what is shown");
    }

    // Former and new id of each rename that was sent, and whether it was acknowledged; of the creation the former
    // one is empty.
    std::map<std::pair<std::string, std::string>, bool> renames;

private:
    enum class Pending : std::uint8_t { none, create, rename, removal };
    static constexpr std::uint64_t deprecated_max = 5;

    std::string name(std::uint64_t id) const { return name_ + std::to_string(id); }
    std::string keys(std::uint64_t id) const { return mixed + "/end-users/" + name(id) + "/kv"; }
    std::string uuid_of(HttpClient& client, std::uint64_t id) const {
        const auto target = "/api/v1/end-users?workspaceId=mixed&externalId=" + name(id);
        return member(client.send("GET", target, {}, headers).body, "id");
    }

    void step(HttpClient& client) override {
        std::this_thread::sleep_for(10ms);  // 1,000 renames are allowed in a minute
        if (uuid_.empty()) return create(client);
        if (!written_) {
            written_ = client.send("PUT", keys(first_) + "/who", name_, headers).status < 300;
        } else if (last_ - first_ == deprecated_max) {
            remove(client);
        } else {
            rename(client);
        }
    }
    void create(HttpClient& client) {
        const auto body = R"({"workspaceId":"mixed","externalId":")" + name(0) + "\"}";
        renames.try_emplace({"", name(0)}, false);
        pending_ = Pending::create;
        const auto reply = client.send("POST", "/api/v1/end-users", body, headers);
        pending_ = Pending::none;
        if (!done(reply, 201)) return;
        uuid_ = member(reply.body, "id");
        renames[{"", name(0)}] = true;
    }
    void rename(HttpClient& client) {
        const auto body = R"({"external_id_renames":[{"current_external_id":")" + name(last_) +
                          R"(","new_external_id":")" + name(last_ + 1) + "\"}]}";
        bool& told = renames[{name(last_), name(last_ + 1)}];
        pending_ = Pending::rename;
        const auto reply = client.send("POST", "/users/external_ids/rename", body, in_workspace());
        pending_ = Pending::none;
        if (!done(reply, 201)) return;
        if (reply.body.find("\"rename_errors\":[]") == std::string::npos) problem("a rename failed: " + reply.body);
        told = true;
        ++last_;
    }
    void remove(HttpClient& client) {
        const auto body = R"({"external_ids":[")" + name(first_) + "\"]}";
        pending_ = Pending::removal;
        const auto reply = client.send("POST", "/users/external_ids/remove", body, in_workspace());
        pending_ = Pending::none;
        if (!done(reply, 201)) return;
        if (reply.body.find("\"removal_errors\":[]") == std::string::npos)
            problem("a removal failed: " + reply.body);
        ++first_;
    }
    static HttpClient::Headers in_workspace() { return with_headers({{"Alcove-Workspace", "mixed"}}); }

    const std::string name_;
    std::string uuid_;
    std::uint64_t first_ = 0;  // the oldest id that it has
    std::uint64_t last_ = 0;   // the primary one
    bool written_ = false;
    Pending pending_ = Pending::none;
};

// Puts keys that a trigger tells of.
class HookClient final : public Client {
public:
    HookClient(Stage& stage, int number, std::uint64_t seed)
        : Client(stage, seed), name_("hook/" + std::to_string(number) + "-") {}

    void look(HttpClient&) override {}

    // Every value that was sent, by its text: its key, and the version at which it was acknowledged or 0.
    std::map<std::string, std::pair<std::string, std::uint64_t>> values;

private:
    void step(HttpClient& client) override {
        std::this_thread::sleep_for(5ms);
        const auto key = name_ + std::to_string(random_() % 20);
        const auto value = name_ + std::to_string(next_++);
        auto& sent = values[value];
        sent.first = key;
        const auto reply =
            client.send("PUT", mixed + "/kv/" + key, value, with_headers({{"Content-Type", "text/plain"}}));
        if (reply.status != 201 && !done(reply, 204)) return;
        sent.second = std::stoull(reply.header("etag").substr(1));
    }

    const std::string name_;
    std::uint64_t next_ = 0;
};

// What a destination was told of end users: former and new external id of each event, and its message's ids.
inline std::map<std::pair<std::string, std::string>, std::set<std::string>> renames_told(const Receiver& receiver) {
    std::map<std::pair<std::string, std::string>, std::set<std::string>> told;
    for (const auto& request : receiver.requests()) {
        const auto type = member(request.body, "type");
        if (type != "end_user.created" && type != "end_user.external_id_renamed") continue;
        told[{member(request.body, "previous_external_id"), member(request.body, "external_id")}].insert(
            request.header("webhook-id"));
    }
    return told;
}

// What a trigger was told: value, key and version of each put; and up to which version it was told to read anew.
struct PutsTold {
    std::map<std::string, std::pair<std::string, std::uint64_t>> puts;
    std::uint64_t reset = 0;

    explicit PutsTold(const Receiver& receiver) {
        for (const auto& request : receiver.requests()) {
            const auto version = member(request.body, "version");
            if (member(request.body, "triggerName") == "trigger.reset") {
                reset = std::max<std::uint64_t>(reset, std::stoull(version));
            } else {
                puts[member(request.body, "value")] = {member(request.body, "key"), std::stoull(version)};
            }
        }
    }
};

}  // namespace alcove::test::mixed_run

// Writers and watchers that outlive the server that they speak to, and keep what they were told.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/http_client.hpp"
#include "tests/support/sse_reader.hpp"
#include "tests/support/watch_client.hpp"
#include "tests/support/watch_frames.hpp"

namespace alcove::test {

namespace watch_run {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Random = std::mt19937_64;

inline const std::string root_key = "alc_the-root-key-of-the-tests";
inline const HttpClient::Headers headers{{"Authorization", "Bearer " + root_key}};
inline const std::string acme = "/api/v1/workspaces/acme";
inline const std::vector<std::string> namespaces{acme, acme + "/end-users/u", acme + "/external/e"};

// Every value that was ever sent, by the id at its front; and what became of it.
class Writes {
public:
    struct Write {
        std::size_t in = 0;  // of `namespaces`
        std::string key;
        std::uint64_t version = 0;  // 0: nobody knows whether it is there
    };

    std::string next_id() { return "w" + std::to_string(next_++); }
    void sent(const std::string& id, Write write) {
        const std::lock_guard lock(mutex_);
        all_.emplace(id, std::move(write));
    }
    void acknowledged(const std::string& id, std::uint64_t version) {
        const std::lock_guard lock(mutex_);
        all_[id].version = version;
    }
    // Once nobody writes any more.
    const std::map<std::string, Write>& all() const { return all_; }

private:
    std::atomic<std::uint64_t> next_ = 0;
    std::mutex mutex_;
    std::map<std::string, Write> all_;
};

// The id of a value `"w17 xxx…"`.
inline std::string id_of(const std::string& value) {
    return value.substr(1, value.find(' ') - 1);
}

// What all threads look at.
struct Stage {
    std::atomic<std::uint16_t> port = 0;  // 0: no server
    std::atomic<bool> write = true;
    std::atomic<bool> settle = false;  // no more dropping of connections
    Writes writes;

    // For writers: waits until there is a server and gives its port; 0 once nothing is to be written any more.
    std::uint16_t wait_for_server() const {
        while (write) {
            if (const auto found = port.load(); found != 0) return found;
            std::this_thread::sleep_for(5ms);
        }
        return 0;
    }
};

inline std::string number_text(const std::string& json, const std::string& name) {
    const auto at = json.find("\"" + name + "\":\"") + name.size() + 4;
    return json.substr(at, json.find('"', at) - at);
}

// Commits transactions of one to five different keys. The last version it was told of must be the largest so far.
class Writer {
public:
    Writer(Stage& stage, std::uint64_t seed) : stage_(stage), random_(seed) {}

    void run() {
        while (const auto port = stage_.wait_for_server()) {
            try {
                HttpClient client(port);
                while (stage_.write)
                    commit(client);
            } catch (const std::exception&) {  // killed: whether the last one is there is not known
            }
        }
    }

    std::string problems;

private:
    void commit(HttpClient& client) {
        const auto in = random_() % namespaces.size();
        if (in == 2 && random_() % 300 == 0) {
            client.send("DELETE", namespaces[in] + "/data", {}, headers);
            return;
        }
        std::vector<std::string> ids;
        std::map<std::string, std::string> operations;  // by key
        for (auto i = 1 + random_() % 5; i > 0; --i) {
            auto name = "p" + std::to_string(random_() % 4) + "/" + std::to_string(random_() % 12);
            if (operations.contains(name)) continue;
            auto& operation = operations[name];
            if (random_() % 4 == 0) {
                operation = R"({"op":"delete","key":")" + name + "\"}";
                continue;
            }
            ids.push_back(stage_.writes.next_id());
            operation = R"({"op":"put","key":")" + name + R"(","value":")" + ids.back() + " " +
                        std::string(random_() % 600, 'x') + "\"" + (random_() % 20 == 0 ? R"(,"ttl":0.3})" : "}");
            stage_.writes.sent(ids.back(), {.in = in, .key = std::move(name)});
        }
        std::string all;
        for (const auto& [name, operation] : operations)
            all += (all.empty() ? "" : ",") + operation;
        if (random_() % 50 == 0) all += R"(,{"op":"deletePrefix","prefix":"p9"})";
        const auto reply =
            client.send("POST", namespaces[in] + "/transactions", "{\"operations\":[" + all + "]}", headers);
        if (reply.status == 503) return;
        if (reply.status != 200) {
            problems += "refused: " + reply.text() + "\n";
            return;
        }
        const auto version = std::stoull(number_text(reply.body, "version"));
        if (!ids.empty() && version <= last_)
            problems += "the version went back to " + std::to_string(version) + "\n";
        if (!ids.empty()) last_ = version;
        for (const auto& id : ids)
            stage_.writes.acknowledged(id, version);
    }

    Stage& stage_;
    Random random_;
    std::uint64_t last_ = 0;
};

// One connection, of either kind.
class Source {
public:
    Source(std::uint16_t port, const std::string& target, const std::string& from, bool as_sse) {
        if (as_sse) {
            auto with = headers;
            if (from != "snapshot") with.emplace("Last-Event-ID", from);
            reader_ = std::make_unique<SseReader>(port, target + "&from=snapshot", with);
            if (reader_->reply().status != 200) throw UpgradeRefused(reader_->reply());
        } else {
            client_ = std::make_unique<WatchClient>(port, target + "&from=" + from, headers);
        }
    }
    WatchFrame next() { return reader_ ? reader_->next(200ms).frame() : client_->receive(200ms); }

private:
    std::unique_ptr<WatchClient> client_;
    std::unique_ptr<SseReader> reader_;
};

// Follows one namespace over any number of connections, and keeps what it was told.
class Watcher {
public:
    Watcher(Stage& stage, int number, std::uint64_t seed)
        : in(number % namespaces.size()),
          prefix(number / 3 % 3 == 1 ? "p1/" : ""),
          mode(number / 3 % 3 == 2 ? Replica::Mode::latest : Replica::Mode::every),
          replica(Replica::From::snapshot, prefix, mode),
          stage_(stage),
          random_(seed) {}

    void run() {
        while (!done_) {
            const auto port = stage_.port.load();
            if (port == 0) {
                std::this_thread::sleep_for(5ms);
                continue;
            }
            if (stage_.settle && Clock::now() > give_up_at_) {
                problems += "it never got to the end\n";
                return;
            }
            if (!stage_.settle) give_up_at_ = Clock::now() + 60s;
            try {
                watch_once(port);
            } catch (const BadFrame& bad) {
                problems += std::string(bad.what()) + "\n";
                return;
            } catch (const UpgradeRefused& refused) {
                if (refused.reply.status != 503) problems += std::string(refused.what()) + "\n";
                std::this_thread::sleep_for(20ms);
            } catch (const std::exception&) {  // the server was killed, or nothing came
            }
            // Now and then for longer than the history reaches back.
            const auto pause = std::chrono::milliseconds(random_() % (random_() % 4 == 0 ? 2000 : 300));
            if (!stage_.settle) std::this_thread::sleep_for(pause);
        }
    }
    // To be called once: run() returns when everything up to that version was told.
    void finish_at(std::uint64_t version) { goal_ = version; }

    const std::size_t in;
    const std::string prefix;
    const Replica::Mode mode;
    Replica replica;
    // Of each watch that began with a snapshot: from which version on, and up to which, nothing may be missing.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> spans;
    std::map<std::pair<std::uint64_t, std::string>, std::string> told;  // version and key → operation and id
    std::string problems;
    std::size_t connections = 0;
    std::size_t resumptions = 0;
    std::size_t resets = 0;

private:
    void watch_once(std::uint16_t port) {
        const bool resumes = replica.over().empty() && !replica.cursor().empty() && replica.synced();
        const auto target =
            namespaces[in] + "/watch?prefix=" + prefix + (mode == Replica::Mode::latest ? "&mode=latest" : "");
        const auto from = resumes ? replica.cursor() : "snapshot";
        Source source(port, target, from, random_() % 3 == 0);
        ++connections;
        resumptions += resumes;
        replica.begin_again(resumes ? Replica::From::cursor : Replica::From::snapshot);
        const auto until = Clock::now() + std::chrono::milliseconds(random_() % 1500);
        while ((stage_.settle && Clock::now() < give_up_at_) || Clock::now() < until) {
            take(source.next());
            if (!replica.over().empty()) return;
            done_ = goal_ != 0 && replica.synced() && replica.version() >= goal_;
            if (done_) return;
        }
    }
    void take(const WatchFrame& frame) {
        replica.apply(frame);
        if (frame.type == "synced") spans.emplace_back(replica.version(), replica.version());
        if (frame.type == "events")
            for (const auto& event : frame.events)
                told[{event.version, event.key}] = event.op + " " + (event.value.empty() ? "" : id_of(event.value));
        if (replica.synced() && !spans.empty())
            spans.back().second = std::max(spans.back().second, replica.version());
        if (frame.type == "reset") ++resets;
        if (frame.type == "end" || frame.type == "error") problems += frame.text + "\n";
    }

    Stage& stage_;
    Random random_;
    std::atomic<std::uint64_t> goal_ = 0;
    Clock::time_point give_up_at_{};
    bool done_ = false;
};

// What of the acknowledged writes was not told, though nothing may be missing there; the first few.
inline std::string find_missing(const Watcher& watcher, const Writes& writes) {
    std::map<std::string, std::set<std::uint64_t>> versions;  // of each key
    for (const auto& [where, what] : watcher.told)
        versions[where.second].insert(where.first);
    std::string missing;
    for (const auto& [id, write] : writes.all()) {
        if (write.in != watcher.in || !write.key.starts_with(watcher.prefix) || missing.size() > 1000) continue;
        const auto within = [&](const auto& span) {
            return span.first < write.version && write.version <= span.second;
        };
        const auto span = std::ranges::find_if(watcher.spans, within);
        if (write.version == 0 || span == watcher.spans.end()) continue;
        const auto exact = watcher.told.find({write.version, write.key});
        if (exact != watcher.told.end() && exact->second == "put " + id) continue;
        const auto& of_key = versions[write.key];
        const auto later = of_key.upper_bound(write.version);
        const bool superseded = later != of_key.end() && *later <= span->second;
        if (watcher.mode == Replica::Mode::latest && superseded) continue;
        missing += id + " of " + write.key + " at " + std::to_string(write.version) + "\n";
    }
    return missing;
}

// What was told and never sent, or at another version than it was acknowledged at; the first few.
inline std::string find_invented(const Watcher& watcher, const Writes& writes) {
    std::string invented;
    for (const auto& [where, what] : watcher.told) {
        if (!what.starts_with("put ") || invented.size() > 1000) continue;
        const auto found = writes.all().find(what.substr(4));
        const bool fits = found != writes.all().end() && found->second.in == watcher.in &&
                          found->second.key == where.second &&
                          (found->second.version == 0 || found->second.version == where.first);
        if (!fits) invented += what + " of " + where.second + " at " + std::to_string(where.first) + "\n";
    }
    return invented;
}

// One more write that every watcher of the namespace is told of; returns its version.
inline std::uint64_t put_last(HttpClient& client, Writes& writes, std::size_t in) {
    const auto id = writes.next_id();
    writes.sent(id, {.in = in, .key = "p1/last"});
    const auto body = R"({"operations":[{"op":"put","key":"p1/last","value":")" + id + " \"}]}";
    const auto reply = client.send("POST", namespaces[in] + "/transactions", body, headers);
    const auto version = std::stoull(number_text(reply.body, "version"));
    writes.acknowledged(id, version);
    return version;
}

// Holds what a watcher was told against what was written, once both have come to the end.
inline void check_watcher(const Watcher& watcher, const Writes& writes, HttpClient& client) {
    BOOST_TEST_CONTEXT(namespaces[watcher.in] << ", prefix '" << watcher.prefix << "', "
                                              << (watcher.mode == Replica::Mode::every ? "every" : "latest")) {
        BOOST_TEST(watcher.problems == "");
        BOOST_TEST(watcher.replica.problems() == "");
        BOOST_TEST(find_missing(watcher, writes) == "");
        BOOST_TEST(find_invented(watcher, writes) == "");
        const auto listed = read_entries(client, headers, namespaces[watcher.in] + "/kv", watcher.prefix);
        BOOST_TEST((watcher.replica.entries() == listed));
        BOOST_TEST_MESSAGE(watcher.connections << " connections, " << watcher.resumptions << " resumed, "
                                               << watcher.resets << " resets, " << watcher.spans.size()
                                               << " snapshots, " << watcher.told.size() << " events");
    }
}

}  // namespace watch_run

}  // namespace alcove::test

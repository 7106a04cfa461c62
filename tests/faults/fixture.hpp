// A server under faults, what it acknowledged, and whether it still holds that.
#pragma once

#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/faults/faults.hpp"
#include "tests/support/files.hpp"
#include "tests/support/http_client.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {

using namespace std::chrono_literals;

inline bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds within = 20s) {
    const auto until = std::chrono::steady_clock::now() + within;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(20ms);
    }
    return true;
}

// The text of a JSON string member, wherever it stands first; empty when it is nowhere.
inline std::string text_member(const std::string& json, const std::string& name) {
    const std::string mark = "\"" + name + "\":\"";
    const auto found = json.find(mark);
    if (found == std::string::npos) return {};
    const auto begin = found + mark.size();
    return json.substr(begin, json.find('"', begin) - begin);
}

class FaultsFixture {
public:
    static inline const std::string key = "alc_the-root-key-of-the-tests";
    static inline const std::string acme = "/api/v1/workspaces/acme";
    static inline const HttpClient::Headers headers{{"Authorization", "Bearer " + key}};

    // Small, so that segments and applications come by within a test.
    Environment environment{{"ALCOVE_ROOT_KEY", key},
                            {"ALCOVE_STORE_SEGMENT_BYTES", "1MiB"},
                            {"ALCOVE_STORE_APPLY_INTERVAL_SECONDS", "0.05"},
                            {"ALCOVE_SERVER_THREADS", "2"}};
    const TemporaryFolder folder;
    Faults faults{folder / "faults"};
    std::filesystem::path data = folder / "data";

    void start() {
        Environment all = environment;
        all.merge(faults.environment());
        server_.emplace(data, all);
        client_.reset();
    }
    // With a workspace `acme`.
    void start_first() {
        start();
        BOOST_REQUIRE_EQUAL(send("POST", "/api/v1/workspaces", R"({"name":"A","slug":"acme"})").status, 201U);
    }
    ServerProcess& server() { return *server_; }

    // Each gives the exit status, as in Finished.
    int stop() {
        server_->signal(SIGTERM);
        return wait();
    }
    int kill() {
        server_->signal(SIGKILL);
        return wait();
    }
    int wait() {
        client_.reset();
        const int status = server_->wait();
        printed = server_->printed();
        server_.reset();
        return status;
    }
    std::string printed;  // by the last server that has ended

    // With the root key.
    Reply send(const std::string& method, const std::string& target, const std::string& body = {},
               HttpClient::Headers more = {}) {
        more.insert(headers.begin(), headers.end());
        if (!client_) client_.emplace(server_->port());
        try {
            Reply reply = client_->send(method, target, body, more);
            if (reply.header("connection") == "close") client_.reset();
            return reply;
        } catch (...) {
            client_.reset();
            throw;
        }
    }
    // "507 STORE_FULL"; the status alone without a code; "gone" when the connection broke.
    std::string outcome(const std::string& method, const std::string& target, const std::string& body = {}) {
        try {
            const Reply reply = send(method, target, body);
            const std::string code = text_member(reply.body, "code");
            return std::to_string(reply.status) + (code.empty() ? "" : " " + code);
        } catch (const std::exception&) {
            return "gone";
        }
    }

    // Puts a value and keeps it in mind when that is acknowledged.
    std::string put(const std::string& name, const std::string& value) {
        const std::string outcome = this->outcome("PUT", acme + "/kv/" + name, value);
        if (outcome == "201" || outcome == "204") keys_[name] = value;
        return outcome;
    }
    // The same with another key each time, until one is not acknowledged: its outcome; "201" when `most` were.
    std::string put_until_refused(int most, std::size_t bytes) {
        for (int i = 0; i < most; ++i) {
            const std::string name = "k" + std::to_string(next_++);
            const std::string outcome = put(name, content_of(next_, bytes));
            if (outcome != "201") return outcome;
        }
        return "201";
    }
    std::string put_file(const std::string& path, const std::string& content) {
        const std::string outcome = this->outcome("PUT", acme + "/files/" + path, content);
        if (outcome == "201" || outcome == "204") files_[path] = content;
        return outcome;
    }
    // Deletes keys, one in `every` of them.
    void remove_keys(std::size_t every) {
        std::size_t at = 0;
        for (auto it = keys_.begin(); it != keys_.end();) {
            if (at++ % every != 0) {
                ++it;
                continue;
            }
            BOOST_TEST(outcome("DELETE", acme + "/kv/" + it->first) == "204");
            it = keys_.erase(it);
        }
    }
    std::size_t acknowledged() const { return keys_.size() + files_.size(); }

    // What was acknowledged and reads otherwise, the first few.
    std::string lost() {
        std::string lost;
        const auto look = [&](const std::string& target, const std::string& content) {
            const Reply reply = send("GET", target);
            if (lost.size() < 500 && (reply.status != 200 || reply.body != content))
                lost += target + " is " + std::to_string(reply.status) + "\n";
        };
        for (const auto& [name, value] : keys_)
            look(acme + "/kv/" + name, value);
        for (const auto& [path, content] : files_)
            look(acme + "/files/" + path, content);
        return lost;
    }

    // What `alcove check` says when it is not content; the server must have ended.
    std::string problems() const {
        const Finished checked = run_program({ALCOVE_BINARY, "check", "--data", data.string()});
        return checked.status == 0 ? "" : checked.output;
    }

    bool ready() { return outcome("GET", "/readyz") == "200"; }

    // Processor time of the server so far.
    std::chrono::milliseconds busy() const;
    // Their numbers.
    std::set<int> descriptors() const {
        std::set<int> numbers;
        for (const auto& open :
             std::filesystem::directory_iterator("/proc/" + std::to_string(server_->pid()) + "/fd"))
            numbers.insert(std::stoi(open.path().filename().string()));
        return numbers;
    }

private:
    std::optional<ServerProcess> server_;
    std::optional<HttpClient> client_;
    std::map<std::string, std::string> keys_;
    std::map<std::string, std::string> files_;
    std::uint64_t next_ = 0;
};

inline std::chrono::milliseconds FaultsFixture::busy() const {
    std::ifstream file("/proc/" + std::to_string(server_->pid()) + "/stat");
    std::string text;
    std::getline(file, text);
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string field;
    long ticks = 0;
    // The 14th and 15th field of proc(5); the first two are cut off.
    for (int number = 3; fields >> field && number <= 15; ++number)
        if (number >= 14) ticks += std::stol(field);
    return std::chrono::milliseconds(ticks * 1000 / ::sysconf(_SC_CLK_TCK));
}

}  // namespace alcove::test

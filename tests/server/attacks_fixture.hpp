// A live `alcove serve` with something to lose, and the ways in which attacks are sent to it and judged.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/server/http_harness.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {

using http::test::Answer;
using http::test::Client;

inline std::string repeated(std::string_view text, std::size_t times) {
    std::string out;
    out.reserve(text.size() * times);
    while (times-- > 0)
        out.append(text);
    return out;
}

// Has a workspace `acme` whose key `precious` nobody means to change.
class UnderAttack {
public:
    static constexpr const char* key = "alc_the-root-key-of-the-tests";

    explicit UnderAttack(const std::vector<std::string>& flags = {})
        : server_(folder_ / "data", {{"ALCOVE_ROOT_KEY", key}}, flags) {
        call("POST", "/api/v1/workspaces", R"({"name":"A","slug":"acme"})");
        call("PUT", ns + "/kv/precious", "treasure");
    }

    Client connect() const { return Client(server_.port()); }

    // "PUT /x HTTP/1.1", Host and the root key: a head that lacks its end.
    static std::string head(std::string_view method, std::string_view target) {
        return std::string(method).append(" ").append(target).append(
                   " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ") +
               key + "\r\n";
    }
    static std::string request(std::string_view method, std::string_view target, std::string_view body = {}) {
        auto text = head(method, target);
        if (!body.empty()) text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
        return text.append("\r\n").append(body);
    }

    // On a connection of its own.
    Answer call(std::string_view method, std::string_view target, std::string_view body = {}) const {
        return connect().ask(request(method, target, body));
    }
    // "200", "404 KEY_NOT_FOUND": the status, and the code of an error.
    static std::string outcome(const Answer& answer) {
        constexpr std::string_view mark = "\"code\":\"";
        auto text = std::to_string(answer.status);
        const auto at = answer.body.find(mark);
        if (answer.status < 400 || at == std::string::npos) return text;
        const auto begin = at + mark.size();
        return text.append(" ").append(answer.body, begin, answer.body.find('"', begin) - begin);
    }

    // The members `id` of an answer's object; empty when there is none.
    static std::string id_of(const Answer& answer) {
        constexpr std::string_view mark = "\"id\":\"";
        const auto at = answer.body.find(mark);
        return at == std::string::npos ? std::string() : answer.body.substr(at + mark.size(), 36);
    }

    // Whether the server is as it was: it answers others, and nobody has touched what is precious.
    bool unharmed() const { return call("GET", ns + "/kv/precious").body == "treasure"; }

    // What an attacker would like to have run behind something else.
    const std::string smuggled = request("DELETE", "/api/v1/workspaces/acme/kv/precious");
    const std::string ns = "/api/v1/workspaces/acme";

private:
    TemporaryFolder folder_;

protected:
    ServerProcess server_;
};

}  // namespace alcove::test

// The Deck surface, for one-line expectations.
#pragma once

#include <regex>
#include <string>
#include <string_view>

#include "tests/server/api_fixture.hpp"

namespace alcove::test {

class DeckFixture : public ApiFixture {
public:
    DeckFixture() { workspace_id = create_workspace("acme"); }

    Reply deck(std::string_view method, std::string_view target, std::string_view body = {},
               HttpClient::Headers headers = {}) {
        headers.emplace("Alcove-Workspace", "acme");
        return send(method, "/v2" + std::string(target), body, std::move(headers));
    }
    // "200 {…}" with ids of Deck's kind, request ids and times masked.
    std::string told(std::string_view method, std::string_view target, std::string_view body = {},
                     HttpClient::Headers headers = {}) {
        return masked_here(deck(method, target, body, std::move(headers)).text());
    }
    // "400 request input_missing source_id".
    std::string refused(std::string_view method, std::string_view target, std::string_view body = {},
                        HttpClient::Headers headers = {}) {
        const auto reply = deck(method, target, body, std::move(headers));
        const auto field = member(reply.body, "field");
        return std::to_string(reply.status) + " " + member(reply.body, "type") + " " + member(reply.body, "code") +
               (field.empty() ? "" : " " + field);
    }
    static std::string masked_here(std::string text) {
        static const std::regex connection("conn_[0-9a-f]{32}");
        static const std::regex event("evt_[0-9a-f]{20}");
        static const std::regex request("\"request_id\":\"[^\"]+\"");
        static const std::regex cursor("\"next_cursor\":\"[^\"]+\"");
        text = std::regex_replace(masked(std::move(text)), connection, "CONN");
        text = std::regex_replace(text, event, "EVT");
        text = std::regex_replace(text, cursor, "\"next_cursor\":\"C\"");
        return std::regex_replace(text, request, "\"request_id\":\"R\"");
    }

    // Returns the id.
    std::string connect(std::string_view source, std::string_view external_id = "",
                        std::string_view method = "username_password") {
        const auto owner = external_id.empty() ? "null" : "\"" + std::string(external_id) + "\"";
        return member(deck("POST", "/connections",
                           R"({"source_id":")" + std::string(source) + R"(","external_id":)" + owner +
                               R"(,"auth_method":")" + std::string(method) + "\"}")
                          .body,
                      "id");
    }
    // The types of all events that fit, in order.
    std::string types(const std::string& query = "") {
        std::string text;
        const auto body = deck("GET", "/events?limit=100" + query).body;
        static const std::regex type("\"object\":\"event\",\"type\":\"([a-z_.]+)\"");
        for (std::sregex_iterator it(body.begin(), body.end(), type), end; it != end; ++it)
            text.append(text.empty() ? "" : " ").append((*it)[1]);
        return text;
    }

    std::string workspace_id;
};

}  // namespace alcove::test

// A server with external ids to rename, its workspace `acme` and the end user `u`.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "tests/server/api_fixture.hpp"

namespace alcove::test {

inline const std::string rename_path = "/users/external_ids/rename";
inline const std::string remove_path = "/users/external_ids/remove";

// The body of one rename, as it is published.
inline std::string rename_body(std::string_view current, std::string_view wanted) {
    return R"({"external_id_renames":[{"current_external_id":")" + std::string(current) +
           R"(","new_external_id":")" + std::string(wanted) + "\"}]}";
}

inline std::string renamed(std::string_view current, std::string_view wanted) {
    return R"(201 {"message":"success","external_ids":[{"current_external_id":")" + std::string(current) +
           R"(","new_external_id":")" + std::string(wanted) + R"("}],"rename_errors":[]})";
}

class BrazeFixture : public NamespaceFixture {
public:
    BrazeFixture() {
        close();
        settings.external_id_rename = true;
        open();
    }

    // With the root key, or another token, in a workspace: the header is left out when that is empty.
    Reply post(std::string_view path, std::string_view body, const std::string& token = key,
               const std::string& in = "acme", HttpClient::Headers headers = {}) {
        headers.emplace("Authorization", "Bearer " + token);
        headers.emplace("Content-Type", "application/json");
        if (!in.empty()) headers.emplace("Alcove-Workspace", in);
        return send_as("POST", path, body, headers);
    }
    std::string rename(std::string_view current, std::string_view wanted) {
        return post(rename_path, rename_body(current, wanted)).text();
    }
    std::string remove(std::string_view external_id) {
        return post(remove_path, R"({"external_ids":[")" + std::string(external_id) + "\"]}").text();
    }

    std::string make_key(std::string_view permission, std::string_view workspaces = "null") {
        const auto body = R"({"name":"k","permissions":[")" + std::string(permission) + R"("],"workspaceIds":)" +
                          std::string(workspaces) + "}";
        return member(send("POST", "/api/v1/api-keys", body).body, "plainKey");
    }
    // The status of GET.
    unsigned status(const std::string& target) { return send("GET", target).status; }
};

}  // namespace alcove::test

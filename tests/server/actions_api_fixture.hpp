// Actions over HTTP, on integrations of the workspace `acme`.
#pragma once

#include <string>
#include <string_view>

#include "tests/server/api_fixture.hpp"

namespace alcove::test {

// With the end users `u` and `other`, and one `kv-store` that keeps its data for the whole workspace.
class ActionApiFixture : public NamespaceFixture {
public:
    static constexpr const char* execute_path = "/api/v1/actions/execute";
    static constexpr const char* options_path = "/api/v1/integrations/kv-store/properties/options";

    ActionApiFixture() {
        create_end_user("acme", "other");
        send("POST", ns + "/integrations",
             R"({"integrationName":"kv-store","settings":{"persistence":{"scope":"workspace"}}})");
    }

    // `{"integrationName":"kv-store","actionName":…,"workspaceId":"acme","input":…<more>}`
    static std::string body(std::string_view action, std::string_view input, std::string_view more = {}) {
        return R"({"integrationName":"kv-store","actionName":")" + std::string(action) +
               R"(","workspaceId":"acme","input":)" + std::string(input) + std::string(more) + "}";
    }
};

}  // namespace alcove::test

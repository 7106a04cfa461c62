// Actions over a real store, called as one-liners: `act("get", R"({"key":"a"})")`.
#pragma once

#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "server/actions/registry.hpp"
#include "server/files/download_links.hpp"
#include "tests/support/store_fixture.hpp"

namespace alcove::test {

// "400 VALIDATION_ERROR input.key": status, code and field.
inline std::string brief(const api::Problem& problem) {
    std::string text = std::to_string(problem.status) + " " + std::string(problem.code);
    return problem.field.empty() ? text : text + " " + problem.field;
}

class ActionFixture : public StoreFixture {
public:
    api::Result<actions::Output> execute(std::string_view action_name, std::string_view json,
                                         std::optional<kv::RequestId> request_id = {}) {
        const auto* integration = actions::find_integration(integration_name);
        const auto* action = actions::find_action(*integration, action_name);
        BOOST_REQUIRE(action != nullptr);
        const auto input = actions::Input::parse(action->input, json, "input");
        if (!input) return input.error();
        actions::ActionContext context{.store = store(),
                                       .namespace_name = name,
                                       .input = *input,
                                       .download_links = links,
                                       .value_bytes_max = value_bytes_max,
                                       .file_bytes_max = file_bytes_max,
                                       .request_id = std::move(request_id)};
        auto output = run(action->execute(context));
        if (output) BOOST_TEST(misfit(action->output, output->json) == "", std::string(action_name));
        return output;
    }

    // The output, or the refusal in brief.
    std::string act(std::string_view action_name, std::string_view json) {
        const auto output = execute(action_name, json);
        return output ? output->json : brief(output.error());
    }
    // With a request id; "(again)" behind an output that was replayed.
    std::string act_once(std::string_view id, std::string_view action_name, std::string_view json) {
        const auto output =
            execute(action_name, json, kv::RequestId{.id = std::string(id), .digest = std::string(json)});
        if (!output) return brief(output.error());
        return output->json + (output->replayed ? " (again)" : "");
    }

    // What is wrong with a JSON text by that shape; empty: nothing.
    static std::string misfit(const actions::Shape& shape, std::string_view json) {
        const auto document = actions::json::Document::parse(json, {.built_depth_max = schema::depth_of(shape)});
        if (!document) return document.error().message;
        const auto problem = schema::refuse(shape, *document, document->root(), "output");
        return problem ? problem->message : std::string();
    }

    std::string_view integration_name = "kv-store";
    const files::DownloadLinks links{{.current = {1, 2, 3}, .former = {}}, "https://files.example/"};
    std::size_t value_bytes_max = kv::limits::value_bytes_default;
    std::uint64_t file_bytes_max = std::uint64_t{1} << 30;
};

}  // namespace alcove::test

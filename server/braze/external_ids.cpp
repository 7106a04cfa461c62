#include "server/braze/external_ids.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "scopes/external_ids.hpp"
#include "server/api/idempotency.hpp"
#include "server/api/json.hpp"
#include "server/api/namespaces.hpp"
#include "server/openapi/braze.hpp"

namespace alcove::braze {
namespace {

using api::Call;
using api::Problem;
using api::Result;
using scopes::ExternalIdOutcome;
namespace json = scopes::json;

constexpr std::string_view renames_member = "external_id_renames";
constexpr std::string_view removals_member = "external_ids";

std::string rename_error(ExternalIdOutcome outcome) {
    switch (outcome) {
        case ExternalIdOutcome::unknown:
            return "current_external_id does not exist";
        case ExternalIdOutcome::not_primary:
            return "current_external_id is deprecated; only a primary external ID can be renamed";
        case ExternalIdOutcome::in_use:
            return "new_external_id is already in use";  // the one text that is published
        case ExternalIdOutcome::same:
            return "current_external_id and new_external_id cannot be the same";
        case ExternalIdOutcome::malformed:
            return "new_external_id must have 1 to 255 characters, none of them a control character";
        case ExternalIdOutcome::too_many:
            return "the user has " + std::to_string(scopes::deprecated_external_ids_max) +
                   " deprecated external IDs; remove some of them first";
        case ExternalIdOutcome::not_deprecated:
        case ExternalIdOutcome::done:
            break;
    }
    return {};
}

std::string removal_error(ExternalIdOutcome outcome) {
    return outcome == ExternalIdOutcome::unknown
               ? "external_id does not exist"
               : "external_id is a primary external ID; only a deprecated one can be removed";
}

Problem disabled() {
    return Problem(403, "FORBIDDEN",
                   "External ID migration is disabled; set external_id_rename.enabled = true in the server's "
                   "configuration to enable it");
}

// The workspace of the request, which is counted and may be one too many.
asio::awaitable<Result<scopes::Uuid>> admit(Call& call) {
    if (call.principal->end_user) co_return api::forbidden(scopes::Permission::external_ids_rename);
    if (!call.services.settings.external_id_rename) co_return disabled();
    auto workspace = co_await api::bind_workspace(call);
    if (!workspace) co_return workspace.error();
    const auto now_ms = call.services.store.now_ms();
    const auto standing = call.services.external_id_limit.take(*workspace, now_ms);
    call.note({.limit = standing.limit, .remaining = standing.remaining, .reset_s = standing.reset_ms / 1000});
    if (!standing.allowed) {
        Problem problem(
            429, "RATE_LIMITED",
            "Rate limit exceeded: at most " + std::to_string(standing.limit) + " requests per minute are allowed");
        problem.retry_after_s = static_cast<std::uint64_t>(standing.reset_ms - now_ms + 999) / 1000;
        co_return problem;
    }
    if (auto refused = api::refuse_query(call)) co_return *std::move(refused);
    co_return *workspace;
}

Result<std::vector<scopes::ExternalIdRename>> parse_renames(const json::Document& document) {
    if (auto problem = schema::refuse(openapi::braze_renames, document, document.root(), {}))
        return *std::move(problem);
    std::vector<scopes::ExternalIdRename> renames;
    const auto* items = document.member(document.root(), renames_member);
    for (const auto* item = document.first(*items); item != nullptr; item = document.next(*item)) {
        renames.push_back({.current = std::string(document.member(*item, "current_external_id")->text),
                           .wanted = std::string(document.member(*item, "new_external_id")->text)});
    }
    return renames;
}

Result<std::vector<std::string>> parse_removals(const json::Document& document) {
    if (auto problem = schema::refuse(openapi::braze_removals, document, document.root(), {}))
        return *std::move(problem);
    std::vector<std::string> removals;
    const auto* items = document.member(document.root(), removals_member);
    for (const auto* item = document.first(*items); item != nullptr; item = document.next(*item))
        removals.emplace_back(item->text);
    return removals;
}

// Items that were done are printed by `print`; the others as [index,"text"].
template <class Print, class Text>
void answer(Call& call, const scopes::Written<scopes::ExternalIdOutcomes>& written, std::string_view done_name,
            std::string_view errors_name, Print print, Text text_of) {
    const auto& outcomes = written.resource;
    api::set_replayed(call.response, written.replayed);
    call.begin_json(201);
    json::Writer writer(call.response.body);
    writer.open_object().member("message", "success").name(done_name).open_array();
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i] == ExternalIdOutcome::done) print(writer, i);
    }
    writer.close_array().name(errors_name).open_array();
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        if (outcomes[i] == ExternalIdOutcome::done) continue;
        writer.open_array().number(i).string(text_of(outcomes[i])).close_array();
    }
    writer.close_array().close_object();
}

// So many values that they are not even told apart hold more items than there may be.
asio::awaitable<Result<json::Document>> read_document(Call& call) {
    auto document = co_await api::read_any_object(call);
    if (!document && document.error().status == 413 && document.error().field.empty()) {
        co_return api::invalid_field(
            "body", "the list must have at most " + std::to_string(scopes::external_id_changes_max) + " items");
    }
    co_return document;
}

asio::awaitable<void> rename(Call& call, scopes::Uuid workspace, const json::Document& document) {
    auto items = parse_renames(document);
    if (!items) co_return call.fail(items.error());
    auto request_id = api::take_request_id(call, document.root().raw);
    if (!request_id) co_return call.fail(request_id.error());
    auto renamed = co_await call.services.identity.external_ids.rename(workspace, *items, std::move(*request_id));
    if (!renamed) co_return call.fail(api::to_problem(renamed.error()));
    const auto print = [&items](json::Writer& writer, std::size_t i) {
        writer.open_object().member("current_external_id", (*items)[i].current);
        writer.member("new_external_id", (*items)[i].wanted).close_object();
    };
    answer(call, *renamed, "external_ids", "rename_errors", print, rename_error);
}

asio::awaitable<void> remove(Call& call, scopes::Uuid workspace, const json::Document& document) {
    auto items = parse_removals(document);
    if (!items) co_return call.fail(items.error());
    auto request_id = api::take_request_id(call, document.root().raw);
    if (!request_id) co_return call.fail(request_id.error());
    auto removed = co_await call.services.identity.external_ids.remove(workspace, *items, std::move(*request_id));
    if (!removed) co_return call.fail(api::to_problem(removed.error()));
    const auto print = [&items](json::Writer& writer, std::size_t i) { writer.string((*items)[i]); };
    answer(call, *removed, "removed_ids", "removal_errors", print, removal_error);
}

}  // namespace

asio::awaitable<void> rename_external_ids(Call& call) {
    auto workspace = co_await admit(call);
    if (!workspace) co_return call.fail(workspace.error());
    auto document = co_await read_document(call);
    if (!document) co_return call.fail(document.error());
    co_await rename(call, *workspace, *document);
}

asio::awaitable<void> remove_external_ids(Call& call) {
    auto workspace = co_await admit(call);
    if (!workspace) co_return call.fail(workspace.error());
    auto document = co_await read_document(call);
    if (!document) co_return call.fail(document.error());
    const bool renames = document->member(document->root(), renames_member) != nullptr;
    const bool removes = document->member(document->root(), removals_member) != nullptr;
    if (renames && removes) {
        co_return call.fail(api::invalid_field(
            renames_member, "'external_id_renames' and 'external_ids' cannot be given together"));
    }
    const auto needed = renames ? scopes::Permission::external_ids_rename : scopes::Permission::external_ids_remove;
    if (!call.principal->may(needed)) co_return call.fail(api::forbidden(needed));
    if (renames) co_return co_await rename(call, *workspace, *document);
    co_await remove(call, *workspace, *document);
}

}  // namespace alcove::braze

// Workspaces.
#include "server/api/workspaces.hpp"

#include "server/openapi/groups.hpp"
#include "server/openapi/resources.hpp"

namespace alcove::openapi {
namespace {

constexpr Shape slug = {.types = type::string,
                        .description = "The workspace's name in paths. Not in the form of a UUID.",
                        .format = &schema::slug};

constexpr Member create_members[] = {required("name", required_label), required("slug", slug)};
constexpr Shape create_body = {.types = type::object, .members = create_members};
constexpr Member update_members[] = {optional("name", required_label), optional("slug", slug)};
constexpr Shape update_body = {.types = type::object, .members = update_members, .members_min = 1};

constexpr Member one_members[] = {required("workspace", workspace)};
constexpr Shape one = {.types = type::object, .members = one_members};
constexpr Shape items = {.types = type::array, .items = &workspace};
constexpr Member list_members[] = {required("workspaces", items), required("total", total),
                                   required("cursor", cursor_or_null)};
constexpr Shape list = {.types = type::object, .members = list_members};

constexpr Answer list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &list}};
constexpr Answer one_answers[] = {{.status = 200, .meaning = "The workspace.", .body = &one}};
constexpr Answer made_answers[] = {{.status = 201, .meaning = "It was made.", .body = &one}};

constexpr Operation operations[] = {
    {.handler = api::list_workspaces,
     .id = "listWorkspaces",
     .summary = "List the workspaces, oldest first",
     .parameters = page_parameters,
     .answers = list_answers},
    {.handler = api::create_workspace,
     .id = "createWorkspace",
     .summary = "Make a workspace",
     .description = "A slug that is taken is 409 `SLUG_EXISTS`.",
     .body = &create_body,
     .example = R"({"name":"Acme","slug":"acme-labs"})",
     .answers = made_answers,
     .errors = conflict},
    {.handler = api::get_workspace, .id = "getWorkspace", .summary = "Get a workspace", .answers = one_answers},
    {.handler = api::update_workspace,
     .id = "updateWorkspace",
     .summary = "Change a workspace's name or slug",
     .body = &update_body,
     .example = R"({"name":"Acme Inc."})",
     .answers = one_answers,
     .errors = conflict},
    {.handler = api::delete_workspace,
     .id = "deleteWorkspace",
     .summary = "Delete a workspace and all that is in it",
     .description = "After the answer nothing of the workspace is readable.",
     .answers = deleted_answers,
     .errors = conflict},
};

}  // namespace

constinit const Group workspaces = {
    .tag = "Workspaces", .description = "What everything else lies in.", .operations = operations};

}  // namespace alcove::openapi

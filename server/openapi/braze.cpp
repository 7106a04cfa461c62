// External ids in the dialect of Braze.
#include "server/openapi/braze.hpp"

#include "scopes/external_ids.hpp"
#include "server/braze/external_ids.hpp"
#include "server/openapi/groups.hpp"
#include "server/openapi/shapes.hpp"

namespace alcove::openapi {
namespace {

namespace surface = alcove::braze;

constexpr Shape renamed_id = {.types = type::string, .description = "A primary external id."};
constexpr Shape wanted_id = {.types = type::string,
                             .description = "The new primary one; the former is deprecated."};
constexpr Member rename_members[] = {required("current_external_id", renamed_id),
                                     required("new_external_id", wanted_id)};
constexpr Shape rename = {.types = type::object, .members = rename_members};
constexpr Shape renames = {
    .types = type::array, .items_min = 1, .items_max = scopes::external_id_changes_max, .items = &rename};
constexpr Shape removed_id = {.types = type::string, .description = "A deprecated external id."};
constexpr Shape removals = {
    .types = type::array, .items_min = 1, .items_max = scopes::external_id_changes_max, .items = &removed_id};
constexpr Member renames_members[] = {required("external_id_renames", renames)};
constexpr Member removals_members[] = {required("external_ids", removals)};

constexpr const Shape* either[] = {&braze_removals, &braze_renames};
constexpr Shape removals_or_renames = {.types = type::object, .variants = either};

constexpr Shape failure = {.types = type::array,
                           .description = "The item's place in the request, and why it failed.",
                           .items_min = 2,
                           .items_max = 2};
constexpr Shape failures = {.types = type::array, .items = &failure};
constexpr Shape renamed_items = {.types = type::array, .description = "Those that were done.", .items = &rename};
constexpr Shape removed_items = {.types = type::array, .description = "Those that were done.", .items = &text};
constexpr Member renamed_members[] = {required("message", text), required("external_ids", renamed_items),
                                      required("rename_errors", failures)};
constexpr Shape renamed = {.types = type::object, .name = "BrazeRenamed", .members = renamed_members};
constexpr Member removed_members[] = {required("message", text), required("removed_ids", removed_items),
                                      required("removal_errors", failures)};
constexpr Shape removed = {.types = type::object, .name = "BrazeRemoved", .members = removed_members};

constexpr std::string_view rate_headers[] = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"};
constexpr Answer renamed_answers[] = {{.status = 201,
                                       .meaning = "What was done, and what failed; also when all failed.",
                                       .body = &renamed,
                                       .headers = rate_headers}};
constexpr Answer removed_answers[] = {{.status = 201,
                                       .meaning = "What was done, and what failed; also when all failed.",
                                       .body = &removed,
                                       .headers = rate_headers}};
constexpr unsigned errors[] = {404, 409, 429};

constexpr Operation operations[] = {
    {.handler = surface::rename_external_ids,
     .id = "brazeRenameExternalIds",
     .summary = "Give end users new external ids",
     .parameters = in_workspace,
     .body = &braze_renames,
     .example = R"({"external_id_renames":[{"current_external_id":"user_123","new_external_id":"user_789"}]})",
     .answers = renamed_answers,
     .errors = errors},
    {.handler = surface::remove_external_ids,
     .id = "brazeRemoveExternalIds",
     .summary = "Take deprecated external ids away",
     .description = "A body with `external_id_renames` is taken as a rename, and answered as one.",
     .parameters = in_workspace,
     .body = &removals_or_renames,
     .example = R"({"external_ids":["user_122"]})",
     .answers = removed_answers,
     .errors = errors},
};

}  // namespace

constinit const Shape braze_renames = {.types = type::object, .name = "BrazeRenames", .members = renames_members};
constinit const Shape braze_removals = {
    .types = type::object, .name = "BrazeRemovals", .members = removals_members};

constinit const Group braze = {.tag = "Braze external ids",
                               .description =
                                   "External ids are renamed and removed with the bodies of Braze's "
                                   "endpoints. Off until `external_id_rename.enabled`.",
                               .operations = operations,
                               .surface = Surface::braze};

}  // namespace alcove::openapi

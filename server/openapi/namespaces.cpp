// Namespaces as wholes: lists, quotas, emptying, export and import.
#include "server/api/exports.hpp"
#include "server/api/imports.hpp"
#include "server/api/limits.hpp"
#include "server/api/metrics.hpp"
#include "server/api/ndjson.hpp"
#include "server/api/quotas.hpp"
#include "server/openapi/groups.hpp"
#include "server/openapi/resources.hpp"

namespace alcove::openapi {
namespace {

constexpr Shape amount = {.types = type::integer | type::null,
                          .description = "null or absent: no limit.",
                          .minimum = 0,
                          .maximum = api::limits::json_integer_max};
constexpr Shape rate = {.types = type::integer | type::null,
                        .description = "Commits; null or absent: no limit.",
                        .minimum = 1,
                        .maximum = kv::limits::writes_per_second_max};
constexpr Member put_members[] = {optional("bytes", amount), optional("keys", amount),
                                  optional("writesPerSecond", rate)};
constexpr Shape put_body = {.types = type::object, .members = put_members};

constexpr Shape limit_out = {.types = type::integer | type::null, .description = "null: no limit.", .minimum = 0};
constexpr Member quota_members[] = {required("bytes", limit_out), required("keys", limit_out),
                                    required("writesPerSecond", limit_out)};
constexpr Shape quota = {.types = type::object, .members = quota_members};
constexpr Member usage_members[] = {required("keys", count), required("bytes", count), required("files", count),
                                    required("fileBytes", count), required("lastWrittenAt", time_or_null)};
constexpr Shape usage = {.types = type::object, .members = usage_members};
constexpr Member standing_members[] = {required("quota", quota), required("usage", usage)};
constexpr Shape standing = {.types = type::object, .name = "QuotaAndUsage", .members = standing_members};

constexpr std::string_view scope_texts[] = {"workspace", "end_user", "external"};
constexpr Shape scope = {.types = type::string, .one_of = scope_texts};
constexpr Shape subject = {.types = type::string | type::null,
                           .description =
                               "The end user's external id, the external key, or null for the "
                               "workspace's own."};
constexpr Member item_members[] = {
    required("scope", scope),     required("subject", subject), required("endUserUuid", id_or_null),
    required("keys", count),      required("bytes", count),     required("files", count),
    required("fileBytes", count), required("quota", quota),     required("lastWrittenAt", time_or_null)};
constexpr Shape item = {.types = type::object, .name = "Namespace", .members = item_members};
constexpr Shape items = {.types = type::array, .items = &item};
constexpr Member list_members[] = {required("namespaces", items), required("cursor", cursor_or_null)};
constexpr Shape list = {.types = type::object, .members = list_members};

constexpr Shape requests_per_second = {.types = type::number, .minimum = 0};
constexpr Member busy_members[] = {required("workspaceId", id), required("scope", scope),
                                   required("subject", subject), required("endUserUuid", id_or_null),
                                   required("requestsPerSecond", requests_per_second)};
constexpr Shape busy = {.types = type::object, .members = busy_members};
constexpr Shape busy_items = {.types = type::array, .items = &busy};
constexpr Member busiest_members[] = {required("namespaces", busy_items)};
constexpr Shape busiest = {.types = type::object, .members = busiest_members};

constexpr Member emptied_members[] = {required("emptied", always_true), required("version", version)};
constexpr Shape emptied = {.types = type::object, .members = emptied_members};

constexpr Shape import_cursor = {.types = type::string,
                                 .description = "With the same document, goes on behind what was taken."};
constexpr Member imported_members[] = {required("imported", count), required("skipped", count),
                                       required("cursor", import_cursor)};
constexpr Shape imported = {.types = type::object, .members = imported_members};

constexpr Shape subject_prefix = {.types = type::string,
                                  .description = "Of the external key; with `scope=external` alone.",
                                  .bytes_max = kv::limits::subject_bytes_max};
constexpr Parameter list_parameters[] = {
    {.name = "scope", .shape = &scope, .example = "external"},
    {.name = "prefix", .shape = &subject_prefix},
    limit_parameter,
    cursor_parameter,
};
constexpr Parameter export_parameters[] = {{.name = "prefix", .shape = &prefix_shape}, cursor_parameter};
constexpr Shape if_absent = {
    .types = type::boolean, .description = "Keys that are there already are skipped.", .default_json = "false"};
constexpr Parameter import_parameters[] = {{.name = "ifAbsent", .shape = &if_absent, .example = "true"},
                                           {.name = "cursor", .shape = &import_cursor}};

constexpr Answer list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &list}};
constexpr Answer busiest_answers[] = {{.status = 200, .meaning = "The busiest first.", .body = &busiest}};
constexpr Answer standing_answers[] = {{.status = 200, .meaning = "The quota and the usage.", .body = &standing}};
constexpr Answer emptied_answers[] = {{.status = 200, .meaning = "Nothing is left.", .body = &emptied}};
constexpr Answer export_answers[] = {{.status = 200,
                                      .meaning = "A line for each key in byte order; only the last line says "
                                                 "`complete`.",
                                      .media_type = api::ndjson_content_type}};
constexpr Answer imported_answers[] = {{.status = 200, .meaning = "All of it was taken.", .body = &imported}};
constexpr unsigned import_errors[] = {413, 415, 429, 507};

constexpr Operation operations[] = {
    {.handler = api::list_namespaces,
     .id = "listNamespaces",
     .summary = "List the namespaces of a workspace that were ever written or given a quota",
     .parameters = list_parameters,
     .answers = list_answers},
    {.handler = api::list_busiest_namespaces,
     .id = "listBusiestNamespaces",
     .summary = "List the namespaces that had the most requests lately",
     .description = "Of the last one to two minutes, estimated from a sample.",
     .answers = busiest_answers},
    {.handler = api::get_quota,
     .id = "getQuota",
     .summary = "Get the quota and the usage of a namespace",
     .answers = standing_answers},
    {.handler = api::put_quota,
     .id = "putQuota",
     .summary = "Set the quota of a namespace, whole",
     .body = &put_body,
     .example = R"({"bytes":1048576,"keys":1000,"writesPerSecond":null})",
     .answers = standing_answers},
    {.handler = api::delete_data,
     .id = "emptyNamespace",
     .summary = "Remove all keys and files of a namespace at once",
     .answers = emptied_answers,
     .errors = conflict},
    {.handler = api::export_keys,
     .id = "exportKeys",
     .summary = "Export the keys as lines of JSON",
     .description = "A line is `{\"key\",\"contentType\",\"value\"|\"text\"|\"base64\",\"expiresAt\"?}`, or "
                    "`{\"cursor\"}` with which to go on when it was cut off.",
     .parameters = export_parameters,
     .answers = export_answers},
    {.handler = api::import_keys,
     .id = "importKeys",
     .summary = "Import keys from lines of JSON",
     .description = "Lines as an export has them, of any number, in batches that are atomic each.",
     .parameters = import_parameters,
     .media_type = api::ndjson_content_type,
     .example = "{\"key\":\"a\",\"value\":{\"n\":1}}\n{\"key\":\"b\",\"text\":\"two\"}\n",
     .answers = imported_answers,
     .errors = import_errors,
     .idempotency_key = IdempotencyKey::not_taken},
};

}  // namespace

constinit const Group namespaces = {
    .tag = "Namespaces",
    .description =
        "The unit of atomicity, order, quota and watching: a workspace's own, an end user's, any external "
        "key's, or that of an integration by its policy.",
    .operations = operations};

}  // namespace alcove::openapi

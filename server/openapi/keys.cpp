// Keys, one by one, in lists and in transactions.
#include "server/api/kv.hpp"

#include "server/api/limits.hpp"
#include "server/api/transactions.hpp"
#include "server/openapi/groups.hpp"
#include "server/openapi/operation_shapes.hpp"
#include "server/openapi/resources.hpp"
#include "server/watch/limits.hpp"

namespace alcove::openapi {
namespace {

using operation_shapes::expiry;
using operation_shapes::operation_here;
using operation_shapes::seconds;
using operation_shapes::transaction;

constexpr Shape value_out = {.description =
                                 "JSON when its type is JSON, a string for text, else `{\"base64\":…}`."};
constexpr Member result_members[] = {optional("value", value_out), optional("version", version),
                                     optional("contentType", text), optional("existed", boolean),
                                     optional("deleted", count)};
constexpr Shape result = {.types = type::object, .name = "OperationResult", .members = result_members};
constexpr Shape result_or_null = {
    .types = type::object | type::null, .description = "null: there is no such key.", .members = result_members};
constexpr Shape results = {
    .types = type::array, .description = "One for each operation.", .items = &result_or_null};
constexpr Member committed_members[] = {required("version", version), required("results", results)};
constexpr Shape committed = {.types = type::object, .members = committed_members};

// ---- lists

constexpr Member item_members[] = {required("key", text),
                                   required("version", version),
                                   required("size", count),
                                   required("contentType", text),
                                   required("createdAt", time),
                                   required("updatedAt", time),
                                   required("expiresAt", time_or_null),
                                   optional("value", value_out)};
constexpr Shape item = {.types = type::object, .name = "Key", .members = item_members};
constexpr Shape items = {.types = type::array, .description = "In the order of their bytes.", .items = &item};
constexpr Member list_members[] = {required("items", items), required("prefixes", texts),
                                   required("cursor", cursor_or_null), required("complete", boolean)};
constexpr Shape list = {.types = type::object, .members = list_members};
constexpr Member deleted_keys_members[] = {required("deleted", count), required("complete", boolean)};
constexpr Shape deleted_keys = {.types = type::object, .members = deleted_keys_members};

constexpr Shape range_start = {.types = type::string,
                               .description = "Where it begins, itself included.",
                               .bytes_max = kv::limits::key_bytes_max};
constexpr Shape range_end = {.types = type::string,
                             .description = "Where it ends, itself not included.",
                             .bytes_max = kv::limits::key_bytes_max};
constexpr Shape delimiter = {.types = type::string,
                             .description = "Keys that hold it behind the prefix are folded into `prefixes`.",
                             .bytes_max = kv::limits::key_bytes_max,
                             .format = &schema::without_nul};
constexpr Shape page_size = {.types = type::integer,
                             .description = "How many a page has at most.",
                             .default_json = "100",
                             .minimum = 1,
                             .maximum = api::limits::keys_per_page_max};
constexpr Shape reverse = {.types = type::boolean, .description = "In descending order.", .default_json = "false"};
constexpr Shape with_values = {.types = type::boolean, .description = "With values.", .default_json = "false"};
constexpr Parameter list_parameters[] = {
    {.name = "prefix", .shape = &prefix_shape}, {.name = "start", .shape = &range_start},
    {.name = "end", .shape = &range_end},       {.name = "delimiter", .shape = &delimiter, .example = "/"},
    {.name = "limit", .shape = &page_size},     cursor_parameter,
    {.name = "reverse", .shape = &reverse},     {.name = "values", .shape = &with_values, .example = "true"}};
constexpr Parameter delete_parameters[] = {
    {.name = "prefix", .shape = &prefix_shape, .presence = Presence::required, .example = "old/"}};

// ---- one key

constexpr Shape wait = {.types = type::number,
                        .description =
                            "Seconds to wait for news: until the key is there, or is no longer what "
                            "`If-None-Match` says.",
                        .exclusive_minimum = 0,
                        .maximum = watch::limits::wait_max.count() / 1000};
constexpr Parameter get_parameters[] = {{.name = "wait", .shape = &wait}, if_match, known_tags, known_date};
constexpr Parameter put_parameters[] = {{.name = "ttl", .shape = &seconds, .example = "3600"},
                                        {.name = "expiresAt", .shape = &expiry},
                                        if_match,
                                        if_none_match};

constexpr std::string_view entry_headers[] = {"ETag", "Last-Modified", "Alcove-Expires-At"};
constexpr std::string_view write_headers[] = {"ETag", "Alcove-Expires-At"};
constexpr Answer get_answers[] = {{.status = 200,
                                   .meaning = "The bytes, under the type with which they were put.",
                                   .media_type = "*/*",
                                   .headers = entry_headers},
                                  not_modified};
constexpr Answer put_answers[] = {{.status = 201, .meaning = "It is new.", .headers = write_headers},
                                  {.status = 204, .meaning = "It was replaced.", .headers = write_headers}};
constexpr Answer delete_answers[] = {{.status = 204, .meaning = "It is gone."}};
constexpr Answer operate_answers[] = {{.status = 200, .meaning = "The result.", .body = &result}};
constexpr Answer list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &list}};
constexpr Answer delete_keys_answers[] = {
    {.status = 200, .meaning = "So many are gone; repeat until complete.", .body = &deleted_keys}};
constexpr Answer committed_answers[] = {{.status = 200, .meaning = "All of it was done.", .body = &committed}};
constexpr unsigned condition[] = {412};
constexpr unsigned put_errors[] = {412, 413, 429, 507};
constexpr unsigned operate_errors[] = {409, 412, 413, 415, 429, 507};

constexpr Operation operations[] = {
    {.handler = api::list_keys,
     .id = "listKeys",
     .summary = "List keys by prefix or range, in pages",
     .parameters = list_parameters,
     .answers = list_answers},
    {.handler = api::delete_keys,
     .id = "deleteKeys",
     .summary = "Delete the keys with a prefix, at most 10,000 in a call",
     .parameters = delete_parameters,
     .answers = delete_keys_answers,
     .errors = conflict},
    {.handler = api::get_key,
     .id = "getKey",
     .summary = "Get a key, or wait for it",
     .description = "`HEAD` answers the same without the bytes.",
     .parameters = get_parameters,
     .answers = get_answers,
     .errors = condition},
    {.handler = api::put_key,
     .id = "putKey",
     .summary = "Put any bytes under a key",
     .description = "Without `ttl` and `expiresAt`, which exclude each other, an earlier time to live is cleared.",
     .parameters = put_parameters,
     .media_type = "*/*",
     .example = "page-17",
     .answers = put_answers,
     .errors = put_errors},
    {.handler = api::delete_key,
     .id = "deleteKey",
     .summary = "Delete a key",
     .parameters = write_conditions,
     .answers = delete_answers,
     .errors = conflict_or_condition},
    {.handler = api::operate_on_key,
     .id = "operateOnKey",
     .summary = "Do one operation on a key",
     .parameters = write_conditions,
     .body = &operation_here,
     .example = R"({"op":"increment","by":5})",
     .answers = operate_answers,
     .errors = operate_errors},
    {.handler = api::commit_transaction,
     .id = "commitTransaction",
     .summary = "Do several operations under several checks, all or nothing, at one version",
     .body = &transaction,
     .example = R"({"checks":[{"key":"seen/42","version":null}],"operations":[{"op":"put","key":"seen/42",)"
                R"("value":true},{"op":"increment","key":"count"},{"op":"addToList","key":"queue",)"
                R"("value":{"id":42}}]})",
     .answers = committed_answers,
     .errors = operate_errors},
};

}  // namespace

constinit const Group keys = {
    .tag = "Keys",
    .description =
        "A key has 1 to 480 bytes of UTF-8 without NUL and holds any bytes. In paths it is the whole rest, "
        "slashes included, encoded or not.",
    .operations = operations};

}  // namespace alcove::openapi

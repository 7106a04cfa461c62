// Files.
#include "server/api/files.hpp"

#include "server/api/limits.hpp"
#include "server/openapi/groups.hpp"
#include "server/openapi/shapes.hpp"

namespace alcove::openapi {
namespace {

constexpr Member item_members[] = {required("path", text),      required("version", version),
                                   required("size", count),     required("contentType", text),
                                   required("createdAt", time), required("updatedAt", time)};
constexpr Shape item = {.types = type::object, .name = "File", .members = item_members};
constexpr Shape items = {.types = type::array, .description = "In the order of their bytes.", .items = &item};
constexpr Member list_members[] = {required("items", items), required("prefixes", texts),
                                   required("cursor", cursor_or_null), required("complete", boolean)};
constexpr Shape list = {.types = type::object, .members = list_members};

constexpr Shape delimiter = {.types = type::string,
                             .description = "Paths that hold it behind the prefix are folded into `prefixes`.",
                             .bytes_max = kv::limits::key_bytes_max,
                             .format = &schema::without_nul};
constexpr Shape page_size = {.types = type::integer,
                             .description = "How many a page has at most.",
                             .default_json = "100",
                             .minimum = 1,
                             .maximum = api::limits::files_per_page_max};
constexpr Parameter list_parameters[] = {{.name = "prefix", .shape = &prefix_shape},
                                         {.name = "delimiter", .shape = &delimiter, .example = "/"},
                                         {.name = "limit", .shape = &page_size},
                                         cursor_parameter};

constexpr Shape range = {.types = type::string,
                         .description = "`bytes=first-last`, `bytes=first-` or `bytes=-count`."};
constexpr Shape if_range = {.types = type::string, .description = "The part is sent of that very version alone."};
constexpr Parameter read_parameters[] = {{.name = "Range", .shape = &range, .in = In::header},
                                         {.name = "If-Range", .shape = &if_range, .in = In::header},
                                         if_match,
                                         known_tags,
                                         known_date};
constexpr Shape digest = {.types = type::string,
                          .description = "`sha-256=:<base64>:` (RFC 9530): what comes is checked against it."};
constexpr Parameter put_parameters[] = {if_match,
                                        if_none_match,
                                        {.name = "Content-Digest", .shape = &digest, .in = In::header},
                                        {.name = "Repr-Digest", .shape = &digest, .in = In::header}};

constexpr std::string_view read_headers[] = {"ETag", "Last-Modified", "Repr-Digest", "Accept-Ranges"};
constexpr std::string_view part_headers[] = {"ETag", "Last-Modified", "Repr-Digest", "Accept-Ranges",
                                             "Content-Range"};
constexpr std::string_view write_headers[] = {"ETag", "Repr-Digest"};
constexpr Answer read_answers[] = {
    {.status = 200,
     .meaning = "The bytes, under the type with which they were put.",
     .media_type = "*/*",
     .headers = read_headers},
    {.status = 206, .meaning = "The part that `Range` asks for.", .media_type = "*/*", .headers = part_headers},
    not_modified};
constexpr Answer put_answers[] = {{.status = 201, .meaning = "It is new.", .headers = write_headers},
                                  {.status = 204, .meaning = "It was replaced.", .headers = write_headers}};
constexpr Answer delete_answers[] = {{.status = 204, .meaning = "It is gone."}};
constexpr Answer list_answers[] = {{.status = 200, .meaning = "A page of them.", .body = &list}};
constexpr unsigned read_errors[] = {412, 416};
constexpr unsigned put_errors[] = {412, 413, 415, 429, 507};
constexpr unsigned condition[] = {412};
constexpr unsigned download_errors[] = {403, 410, 412, 416};

constexpr Operation operations[] = {
    {.handler = api::list_files,
     .id = "listFiles",
     .summary = "List files by prefix and folder, in pages",
     .parameters = list_parameters,
     .answers = list_answers},
    {.handler = api::get_file,
     .id = "getFile",
     .summary = "Get a file, or a part of one",
     .description =
         "`HEAD` answers the same without the bytes. A download is of one version from its first byte to "
         "its last.",
     .parameters = read_parameters,
     .answers = read_answers,
     .errors = read_errors},
    {.handler = api::put_file,
     .id = "putFile",
     .summary = "Put a file, whole or not at all",
     .parameters = put_parameters,
     .media_type = "*/*",
     .example = "buy milk",
     .answers = put_answers,
     .errors = put_errors},
    {.handler = api::delete_file,
     .id = "deleteFile",
     .summary = "Delete a file",
     .parameters = write_conditions,
     .answers = delete_answers,
     .errors = condition,
     .idempotency_key = IdempotencyKey::not_taken},
    {.handler = api::download_file,
     .id = "downloadFile",
     .summary = "Download a file by a signed URL",
     .description =
         "The action `get_download_url` of `storage` makes it. Always an attachment; 410 `EXPIRED` when its "
         "time is over.",
     .parameters = read_parameters,
     .answers = read_answers,
     .errors = download_errors},
};

}  // namespace

constinit const Group files = {
    .tag = "Files",
    .description = "A file has a path of 1 to 480 bytes in segments with `/` between them. Content is any bytes.",
    .operations = operations};

}  // namespace alcove::openapi

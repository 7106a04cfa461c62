// What the actions of storage take and give.
#pragma once

#include <cstddef>

#include "kv/limits.hpp"
#include "server/actions/shapes.hpp"
#include "server/files/download_links.hpp"

namespace alcove::actions::storage_shapes {

using shapes::cursor_in;
using shapes::cursor_out;
using shapes::success_out;

inline constexpr std::size_t listed_files_max = 1000;

// JSON holds it whole: a larger file has get_download_url.
inline constexpr std::size_t read_bytes_max = std::size_t{8} << 20;

inline constexpr Shape path_in = {
    .types = type::string,
    .description =
        "The path: at most 480 bytes of UTF-8, none of them NUL, in segments with '/' between them, none "
        "of which is empty, '.' or '..'.",
    .length_min = 1,
    .length_max = kv::limits::key_bytes_max,
    .bytes_max = kv::limits::key_bytes_max,
    .format = &schema::file_path,
};

inline constexpr Shape prefix_in = {
    .types = type::string,
    .description = "What the paths begin with: at most 480 bytes of UTF-8, none of them NUL.",
    .default_json = "\"\"",
    .length_max = kv::limits::key_bytes_max,
    .bytes_max = kv::limits::key_bytes_max,
    .format = &schema::without_nul,
};

inline constexpr std::string_view encodings[] = {"utf8", "base64"};

inline constexpr Shape path_out = {.types = type::string, .description = "The path."};
inline constexpr Shape size_out = {.types = type::integer, .description = "In bytes.", .minimum = 0};
inline constexpr Shape content_type_out = {.types = type::string, .description = "The media type."};
inline constexpr Shape version_out = {
    .types = type::string, .description = "The version that the file has now.", .format = &schema::decimal_version};
inline constexpr Shape time_out = {.types = type::string, .description = "In ISO-8601 UTC."};

inline constexpr Shape content_in = {.types = type::string, .description = "The content, in its encoding."};
inline constexpr Shape content_type_in = {
    .types = type::string,
    .description =
        "The media type: 1 to 255 visible ASCII characters. Without it, text/plain; charset=utf-8 for "
        "utf8 and application/octet-stream for base64.",
    .length_min = 1,
    .length_max = kv::limits::content_type_bytes_max,
    .format = &schema::visible_ascii,
};
inline constexpr Shape content_encoding_in = {
    .types = type::string,
    .description = "How the content is written: as text, or as bytes in padded base64.",
    .default_json = "\"utf8\"",
    .one_of = encodings,
};
inline constexpr Member write_members[] = {
    {.name = "path", .shape = &path_in, .presence = Presence::required},
    {.name = "content", .shape = &content_in, .presence = Presence::required},
    {.name = "contentType", .shape = &content_type_in},
    {.name = "contentEncoding", .shape = &content_encoding_in},
};
inline constexpr Shape write_input = {.types = type::object, .members = write_members};
inline constexpr Member write_members_out[] = {
    {.name = "path", .shape = &path_out, .presence = Presence::required},
    {.name = "size", .shape = &size_out, .presence = Presence::required},
    {.name = "contentType", .shape = &content_type_out, .presence = Presence::required},
    {.name = "version", .shape = &version_out, .presence = Presence::required},
};
inline constexpr Shape write_output = {.types = type::object, .members = write_members_out};

inline constexpr Shape output_encoding_in = {
    .types = type::string,
    .description = "How the content is to be written. Without it, as text when it is UTF-8, else in base64.",
    .one_of = encodings,
};
inline constexpr Member read_members[] = {
    {.name = "path", .shape = &path_in, .presence = Presence::required},
    {.name = "outputEncoding", .shape = &output_encoding_in},
};
inline constexpr Shape read_input = {.types = type::object, .members = read_members};
inline constexpr Shape content_out = {.types = type::string, .description = "The content, in that encoding."};
inline constexpr Shape encoding_out = {
    .types = type::string, .description = "How the content is written.", .one_of = encodings};
inline constexpr Member read_members_out[] = {
    {.name = "path", .shape = &path_out, .presence = Presence::required},
    {.name = "content", .shape = &content_out, .presence = Presence::required},
    {.name = "encoding", .shape = &encoding_out, .presence = Presence::required},
    {.name = "contentType", .shape = &content_type_out, .presence = Presence::required},
    {.name = "size", .shape = &size_out, .presence = Presence::required},
};
inline constexpr Shape read_output = {.types = type::object, .members = read_members_out};

inline constexpr Member path_members[] = {{.name = "path", .shape = &path_in, .presence = Presence::required}};
inline constexpr Shape delete_input = {.types = type::object, .members = path_members};
inline constexpr Shape existed_out = {.types = type::boolean, .description = "Whether the file was there before."};
inline constexpr Member delete_members_out[] = {
    {.name = "success", .shape = &success_out, .presence = Presence::required},
    {.name = "existed", .shape = &existed_out, .presence = Presence::required},
};
inline constexpr Shape delete_output = {.types = type::object, .members = delete_members_out};

inline constexpr Shape limit_in = {
    .types = type::integer,
    .description = "How many files a page has at most.",
    .default_json = "100",
    .minimum = 1,
    .maximum = listed_files_max,
};
inline constexpr Member list_members[] = {
    {.name = "prefix", .shape = &prefix_in},
    {.name = "limit", .shape = &limit_in},
    {.name = "cursor", .shape = &cursor_in},
};
inline constexpr Shape list_input = {.types = type::object, .members = list_members};
inline constexpr Member file_members_out[] = {
    {.name = "path", .shape = &path_out, .presence = Presence::required},
    {.name = "size", .shape = &size_out, .presence = Presence::required},
    {.name = "contentType", .shape = &content_type_out, .presence = Presence::required},
    {.name = "updatedAt", .shape = &time_out, .presence = Presence::required},
};
inline constexpr Shape file_out = {.types = type::object, .members = file_members_out};
inline constexpr Shape files_out = {
    .types = type::array, .description = "In the order of their paths' bytes.", .items = &file_out};
inline constexpr Member list_members_out[] = {
    {.name = "files", .shape = &files_out, .presence = Presence::required},
    {.name = "cursor", .shape = &cursor_out, .presence = Presence::required},
};
inline constexpr Shape list_output = {.types = type::object, .members = list_members_out};

inline constexpr Shape expires_in = {
    .types = type::integer,
    .description = "For how many seconds the URL is good.",
    .default_json = "3600",
    .minimum = 60,
    .maximum = files::link_ms_max / 1000,
};
inline constexpr Member link_members[] = {
    {.name = "path", .shape = &path_in, .presence = Presence::required},
    {.name = "expiresInSeconds", .shape = &expires_in},
};
inline constexpr Shape link_input = {.types = type::object, .members = link_members};
inline constexpr Shape url_out = {
    .types = type::string,
    .description =
        "Where the file can be had without a token, as it is now: absolute when the server knows its public "
        "URL, else a path."};
inline constexpr Member link_members_out[] = {
    {.name = "url", .shape = &url_out, .presence = Presence::required},
    {.name = "expiresAt", .shape = &time_out, .presence = Presence::required},
};
inline constexpr Shape link_output = {.types = type::object, .members = link_members_out};

inline constexpr Member file_changed_members[] = {{.name = "prefix", .shape = &prefix_in}};
inline constexpr Shape file_changed_input = {.types = type::object, .members = file_changed_members};

}  // namespace alcove::actions::storage_shapes

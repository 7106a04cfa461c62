// Stored values on the wire: content types, base64, and how a value looks inside a JSON answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "scopes/json_writer.hpp"

namespace alcove::api {

inline constexpr std::string_view default_content_type = "application/octet-stream";
inline constexpr std::string_view json_content_type = "application/json";
inline constexpr std::string_view text_content_type = "text/plain; charset=utf-8";

// Whether it names that media type, whatever its case and parameters. `media_type` is lower case.
bool has_media_type(std::string_view content_type, std::string_view media_type);
bool is_json(std::string_view content_type);  // application/json or any type with +json
bool is_text(std::string_view content_type);  // text/*

// Visible ASCII and spaces, 1 to content_type_bytes_max bytes.
bool is_content_type(std::string_view text);

std::string encode_base64(std::string_view bytes);
// Strict: the alphabet of RFC 4648 section 4, padded, nothing else.
std::optional<std::string> decode_base64(std::string_view text);

// Of RFC 4648 section 5, without padding.
std::string encode_base64url(std::string_view bytes);
std::optional<std::string> decode_base64url(std::string_view text);

// As JSON when its type is JSON, as a string for text, else as {"base64":…}. Bytes are not what their type says
// because someone said so: JSON that is none is shown as text, and what is no UTF-8 in base64.
void print_value(scopes::json::Writer& writer, std::string_view content_type, std::string_view value);

}  // namespace alcove::api

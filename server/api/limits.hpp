// The bounds of the API beside those of the store and of HTTP, each with its reason. Units are bytes where the name
// says so.
#pragma once

#include <cstddef>

namespace alcove::api::limits {

// A page is made while nothing else of its thread is served: well under a millisecond.
inline constexpr std::size_t keys_per_page_default = 100;
inline constexpr std::size_t keys_per_page_max = 1000;
inline constexpr std::size_t files_per_page_default = 100;
inline constexpr std::size_t files_per_page_max = 1000;

// One commit of an import. Large values make it smaller, so that a commit stays far below what the store takes.
inline constexpr std::size_t import_batch_lines_max = 128;
inline constexpr std::size_t import_batch_bytes_max = std::size_t{4} << 20;

// So often a client whose export is cut off finds a place to go on from.
inline constexpr std::size_t export_cursor_lines_max = 1000;
inline constexpr std::size_t export_cursor_bytes_max = std::size_t{1} << 20;

// Numbers of JSON are exact up to here for every reader.
inline constexpr std::size_t json_integer_max = (std::size_t{1} << 53) - 1;

// They are looked through with each request of the key.
inline constexpr std::size_t key_workspaces_max = 1000;

// Longer than any action is named.
inline constexpr std::size_t action_name_bytes_max = 100;

}  // namespace alcove::api::limits

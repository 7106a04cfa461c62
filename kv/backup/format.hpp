// What a backup consists of, as a folder or as the members of a tar archive, in this order:
//
// manifest.json       which store, at which version, and how much
// index/data.mdb      a compact copy of the index
// log/<segment>.log   what the index does not hold yet
// blobs/<aa>/<id>     the contents of files
// SHA256SUMS          of all the others, in the same order and as sha256sum writes it; a backup without it is not
// whole
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kv/types.hpp"

namespace alcove::kv::backup {

inline constexpr std::uint32_t format_version = 1;

inline constexpr std::string_view manifest_path = "manifest.json";
inline constexpr std::string_view index_path = "index/data.mdb";
inline constexpr std::string_view sums_path = "SHA256SUMS";

struct Manifest {
    std::uint32_t format = format_version;
    std::string alcove;  // the version of the program that made it
    std::string store;   // whose it is, in hexadecimal digits
    std::string epoch;   // likewise
    Version version = 0;
    TimeMs time_ms = 0;
    std::uint64_t files = 0;  // beside the manifest and SHA256SUMS
    std::uint64_t bytes = 0;  // of these
};

std::string print(const Manifest& manifest);

// Throws StoreFailure when it is none, or of another format.
Manifest parse_manifest(std::string_view text);

// Whether a file between manifest.json and SHA256SUMS may have that name.
bool is_data_path(std::string_view path);

// A line of SHA256SUMS, with its end; and the path in one without.
std::string sums_line(const Sha256& digest, std::string_view path);
std::string_view path_in(std::string_view line);

std::string to_hex(std::string_view bytes);

}  // namespace alcove::kv::backup

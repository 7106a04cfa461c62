// Randomness, digests and the making of tokens, all from OpenSSL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alcove::scopes {

// From the system's cryptographic generator. Throws std::runtime_error when it fails.
void fill_random(std::uint8_t* bytes, std::size_t count);

std::string to_hex(std::string_view bytes);                    // lower case
std::optional<std::string> from_hex(std::string_view digits);  // either case

std::string sha256(std::string_view bytes);  // 32 bytes
// Lower-case hexadecimal, 64 characters.
std::string sha256_hex(std::string_view bytes);

// `prefix` and 32 random characters of base62: 190 bits.
std::string make_token(std::string_view prefix);

// Whether both are the same. The time it takes tells nothing but their sizes: every comparison with a secret that
// somebody else could guess at goes through here. (Tokens and tickets are not compared but looked up by their
// digest.)
bool same_secret(std::string_view one, std::string_view other);

}  // namespace alcove::scopes

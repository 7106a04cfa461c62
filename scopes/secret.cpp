#include "scopes/secret.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>

namespace alcove::scopes {

void fill_random(std::uint8_t* bytes, std::size_t count) {
    if (RAND_bytes(bytes, static_cast<int>(count)) != 1) throw std::runtime_error("no randomness to be had");
}

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
        throw std::runtime_error("SHA-256 failed");
    }
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(std::size_t{size} * 2);
    for (unsigned i = 0; i < size; ++i) {
        text += digits[digest[i] >> 4];
        text += digits[digest[i] & 15];
    }
    return text;
}

std::string make_token(std::string_view prefix) {
    constexpr std::string_view alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    constexpr std::size_t characters = 32;
    constexpr std::uint8_t fair = 256 / 62 * 62;  // bytes from here on would favour some characters
    std::string token(prefix);
    while (token.size() < prefix.size() + characters) {
        std::array<std::uint8_t, 48> bytes{};
        fill_random(bytes.data(), bytes.size());
        for (const auto byte : bytes) {
            if (byte < fair && token.size() < prefix.size() + characters) token += alphabet[byte % 62];
        }
    }
    return token;
}

}  // namespace alcove::scopes

// Files of a store in short, and what lies in its folder of blobs.
#pragma once

#include <openssl/evp.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kv/store.hpp"

namespace alcove::test {

// Bytes that look like none before them; `seed` tells one content from another.
inline std::string content_of(std::uint64_t seed, std::size_t size) {
    std::string bytes(size, '\0');
    std::uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
    for (char& byte : bytes) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        byte = static_cast<char>(state);
    }
    return bytes;
}

inline kv::Sha256 sha256_of(std::string_view bytes) {
    kv::Sha256 digest{};
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    return digest;
}

// In pieces of that size.
inline kv::asio::awaitable<kv::Result<kv::Committed>> upload(kv::Store& store, kv::NamespaceName name,
                                                             std::string path, std::string content,
                                                             kv::FileCommit commit = {},
                                                             std::size_t piece_bytes = 50'000) {
    auto begun = co_await store.begin_upload(name, path);
    if (!begun) co_return begun.error();
    for (std::string_view rest = content; !rest.empty(); rest.remove_prefix(std::min(rest.size(), piece_bytes))) {
        auto taken = co_await (*begun)->append(rest.substr(0, piece_bytes));
        if (!taken) co_return taken.error();
    }
    if (commit.content_type.empty()) commit.content_type = "text/plain";
    auto outcome = co_await (*begun)->commit(std::move(commit));
    co_return outcome;
}

inline std::vector<std::filesystem::path> blobs_in(const std::filesystem::path& data) {
    std::vector<std::filesystem::path> blobs;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data / "blobs")) {
        if (entry.is_regular_file()) blobs.push_back(entry.path());
    }
    return blobs;
}

}  // namespace alcove::test

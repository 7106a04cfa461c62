// Tokens: the root key of the server, and who stands behind a token.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "scopes/error.hpp"
#include "scopes/principal.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {

inline constexpr std::string_view api_key_prefix = "alc_";

// Longer ones are refused before anything is computed from them.
inline constexpr std::size_t token_bytes_max = 256;

// Secrets are stored and looked up as their SHA-256 only. Thread-safe.
class Tokens {
public:
    Tokens(SystemStore& records, UuidMaker& ids);

    // Sees to it that there is an admin key. `wanted` (from ALCOVE_ROOT_KEY; empty counts as absent) becomes the
    // root key, and a former one stops working. Without it a key is made when there is none, and returned: it is
    // shown once and kept nowhere. Before the first request.
    asio::awaitable<Result<std::optional<std::string>>> ensure_root_key(std::optional<std::string> wanted);

    // nullptr when nobody has that token. `token` must stay valid.
    asio::awaitable<Result<std::shared_ptr<const Principal>>> find(std::string_view token);

    // Changes whenever any token does: what was found under another generation must be found again.
    // Take it before find().
    std::uint64_t generation() const { return generation_.load(std::memory_order_seq_cst); }

private:
    SystemStore& records_;
    UuidMaker& ids_;
    std::atomic<std::uint64_t> generation_ = 1;
    std::unique_ptr<kv::Store::Subscription> subscription_;  // last: it ends before the counter does
};

}  // namespace alcove::scopes

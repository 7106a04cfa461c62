// Tokens: API keys, the tokens that act as an end user, the root key, and who stands behind each.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scopes/end_users.hpp"
#include "scopes/error.hpp"
#include "scopes/names.hpp"
#include "scopes/principal.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {

inline constexpr std::string_view api_key_prefix = "alc_";
inline constexpr std::string_view end_user_token_prefix = "eut_";
inline constexpr std::string_view mcp_token_prefix = "mcp_";

// Longer ones are refused before anything is computed from them.
inline constexpr std::size_t token_bytes_max = 256;

// An end user is deleted together with its tokens, in one commit.
inline constexpr std::size_t tokens_per_end_user_max = 200;

inline constexpr TimeMs end_user_token_ms_min = TimeMs{3600} * 1000;
inline constexpr TimeMs end_user_token_ms_max = TimeMs{2'592'000} * 1000;
inline constexpr TimeMs end_user_token_ms_default = TimeMs{604'800} * 1000;
inline constexpr TimeMs mcp_token_ms_default = TimeMs{2'592'000} * 1000;

struct ApiKey {
    Uuid id{};
    std::string name;
    std::vector<Permission> permissions;
    std::optional<std::vector<Uuid>> workspaces;  // nullopt: every workspace
    TimeMs created_ms = 0;
};

struct NewApiKey {
    Label name;
    std::vector<Permission> permissions;
    std::optional<std::vector<Uuid>> workspaces;
};

// A token that acts as an end user.
struct IssuedEndUserToken {
    Uuid id{};
    Uuid workspace{};
    Uuid end_user{};
    std::optional<std::string> integration_name;
    TimeMs created_ms = 0;
    TimeMs expires_ms = 0;
};

// A new secret is shown once: a replayed answer has none.
template <class Token>
struct Issued {
    Token token;
    std::optional<std::string> plain;
};

// What is kept of a token; nullopt for a text that can be none.
std::optional<std::string> token_digest(std::string_view token);

// Secrets are stored and looked up as their SHA-256 only. Thread-safe. What it is given must outlive it.
class Tokens {
public:
    Tokens(SystemStore& records, UuidMaker& ids, EndUsers& end_users);

    // Sees to it that there is an admin key. `wanted` (from ALCOVE_ROOT_KEY; empty counts as absent) becomes the
    // root key, and a former one stops working. Without it a key is made when there is none, and returned: it is
    // shown once and kept nowhere. Before the first request.
    asio::awaitable<Result<std::optional<std::string>>> ensure_root_key(std::optional<std::string> wanted);

    // workspace_not_found
    asio::awaitable<Result<Issued<ApiKey>>> create_api_key(NewApiKey key,
                                                           std::optional<kv::RequestId> request = {});

    // All but the root key. bad_cursor
    asio::awaitable<Result<Listing<ApiKey>>> list_api_keys(ListRequest request);

    // token_not_found
    asio::awaitable<Result<void>> delete_api_key(Uuid id, std::optional<kv::RequestId> request = {});

    // For the end user's own browser. end_user_not_found, too_many
    asio::awaitable<Result<Issued<IssuedEndUserToken>>> create_end_user_token(
        Uuid end_user, std::optional<std::string> integration_name, TimeMs lifetime_ms,
        std::optional<kv::RequestId> request = {});

    // To execute actions as that end user. end_user_not_found, too_many
    asio::awaitable<Result<Issued<IssuedEndUserToken>>> create_mcp_token(Uuid end_user, TimeMs lifetime_ms,
                                                                         std::optional<kv::RequestId> request = {});

    // bad_cursor
    asio::awaitable<Result<Listing<IssuedEndUserToken>>> list_mcp_tokens(Uuid workspace, ListRequest request);

    // token_not_found
    asio::awaitable<Result<IssuedEndUserToken>> get_mcp_token(Uuid id);
    asio::awaitable<Result<void>> delete_mcp_token(Uuid id, std::optional<kv::RequestId> request = {});

    // nullptr when nobody has that token. `token` must stay valid.
    asio::awaitable<Result<std::shared_ptr<const Principal>>> find(std::string_view token);

    // The same by what token_digest() made of the token, for who must not keep tokens.
    asio::awaitable<Result<std::shared_ptr<const Principal>>> find_digest(std::string digest);

    // Changes whenever any token does: what was found under another generation must be found again.
    // Take it before find().
    std::uint64_t generation() const { return generation_.load(std::memory_order_seq_cst); }

    // The store's clock, by which tokens expire.
    TimeMs now_ms() const { return records_.store().now_ms(); }

private:
    struct Kind;
    asio::awaitable<Result<Issued<IssuedEndUserToken>>> issue(const Kind& kind, Uuid end_user,
                                                              std::optional<std::string> integration_name,
                                                              TimeMs lifetime_ms,
                                                              std::optional<kv::RequestId> request);

    SystemStore& records_;
    UuidMaker& ids_;
    EndUsers& end_users_;
    std::atomic<std::uint64_t> generation_ = 1;
    std::unique_ptr<kv::Store::Subscription> subscription_;  // last: it ends before the counter does
};

}  // namespace alcove::scopes

#include "scopes/tokens.hpp"

#include <utility>

#include "scopes/secret.hpp"
#include "scopes/workspaces.hpp"

namespace alcove::scopes {
namespace {

constexpr std::string_view api_key_kind = "api_key";
constexpr std::string_view end_user_kind = "end_user";
constexpr std::string_view mcp_kind = "mcp";

bool concerns_tokens(const kv::Change& change) {
    return change.key.starts_with(keys::tokens) || change.kind == kv::Change::Kind::empty;
}

std::shared_ptr<const Principal> to_principal(const TokenRecord& record, const kv::Entry& entry) {
    auto principal = std::make_shared<Principal>();
    principal->id = record.id;
    principal->workspaces = record.workspaces;
    principal->end_user = record.end_user;
    principal->integration_name = record.integration_name;
    principal->expires_ms = entry.expires_ms;
    if (record.kind == end_user_kind) {
        using enum Permission;
        principal->kind = Principal::Kind::end_user;
        for (const auto permission :
             {kv_read, kv_write, files_read, files_write, connections_read, connections_write})
            principal->permissions.add(permission);
    } else if (record.kind == mcp_kind) {
        principal->kind = Principal::Kind::mcp;
        principal->permissions.add(Permission::actions_execute);
    }
    for (const auto& name : record.permissions) {
        const auto permission = parse_permission(name);
        if (permission) principal->permissions.add(*permission);
    }
    return principal;
}

ApiKey to_api_key(const kv::EntryView& entry) {
    auto record = parse_record<IssuedToken>(entry.value).token;
    ApiKey key{.id = record.id,
               .name = std::move(record.name),
               .workspaces = std::move(record.workspaces),
               .created_ms = entry.created_ms};
    for (const auto& name : record.permissions) {
        if (const auto permission = parse_permission(name)) key.permissions.push_back(*permission);
    }
    return key;
}

IssuedEndUserToken to_end_user_token(const kv::EntryView& entry) {
    auto record = parse_record<IssuedToken>(entry.value).token;
    return {.id = record.id,
            .workspace = record.workspaces->front(),
            .end_user = *record.end_user,
            .integration_name = std::move(record.integration_name),
            .created_ms = entry.created_ms,
            .expires_ms = entry.expires_ms.value_or(0)};
}

Error token_not_found() {
    return {.code = Errc::token_not_found, .message = "there is no such token"};
}

}  // namespace

// How a token that acts as an end user is made.
struct Tokens::Kind {
    std::string_view name;
    std::string_view prefix;
    bool listed;  // under the workspace's MCP tokens
};

Tokens::Tokens(SystemStore& records, UuidMaker& ids, EndUsers& end_users)
    : records_(records),
      ids_(ids),
      end_users_(end_users),
      subscription_(records.store().subscribe(records.name(), [this](const kv::PublicationPointer& told) {
          for (const auto& change : told->changes()) {
              if (concerns_tokens(change)) generation_.fetch_add(1, std::memory_order_seq_cst);
          }
      })) {}

asio::awaitable<Result<std::optional<std::string>>> Tokens::ensure_root_key(std::optional<std::string> wanted) {
    if (wanted && wanted->empty()) wanted.reset();
    auto key = std::string(keys::root_key);
    auto entry = co_await records_.find(key);
    if (!entry) co_return entry.error();
    std::optional<std::string> former;
    if (*entry) former = parse_record<RootKeyRecord>((*entry)->value).sha256;
    if (former && (!wanted || *former == sha256_hex(*wanted))) co_return std::optional<std::string>();

    const auto plain = wanted ? *wanted : make_token(api_key_prefix);
    const auto sha256 = sha256_hex(plain);
    const TokenRecord record{.id = ids_.make(),
                             .kind = std::string(api_key_kind),
                             .name = "root",
                             .permissions = {std::string(to_string(Permission::admin))}};
    RecordCommit commit;
    if (former) commit.erase(keys::token(*former));
    commit.put(keys::token(sha256), print(record));
    commit.put(key, print(RootKeyRecord{.sha256 = sha256}));
    auto outcome = co_await records_.commit(std::move(commit));
    if (!outcome) co_return store_error(outcome.error());
    if (wanted) co_return std::optional<std::string>();
    co_return std::optional<std::string>(plain);
}

asio::awaitable<Result<Issued<ApiKey>>> Tokens::create_api_key(NewApiKey key,
                                                               std::optional<kv::RequestId> request) {
    const auto plain = make_token(api_key_prefix);
    IssuedToken issued{.sha256 = sha256_hex(plain),
                       .token = {.id = ids_.make(), .kind = std::string(api_key_kind)}};
    issued.token.name = key.name.text();
    issued.token.workspaces = key.workspaces;
    for (const auto permission : key.permissions)
        issued.token.permissions.emplace_back(to_string(permission));

    RecordCommit commit;
    commit.request(std::move(request));
    if (key.workspaces) {
        for (const auto& workspace : *key.workspaces)
            commit.check_present(keys::workspace(workspace));
    }
    commit.put_main(keys::api_key(issued.token.id), print(issued));
    commit.put(keys::token(issued.sha256), print(issued.token));
    commit.count(std::string(keys::api_keys_total), 1);
    auto outcome = co_await records_.commit(std::move(commit));
    if (!outcome && outcome.error().code == kv::Errc::check_failed) co_return workspace_not_found();
    if (!outcome) co_return store_error(outcome.error());
    Issued<ApiKey> made{.token = to_api_key(kv::view_of(main_record(*outcome)))};
    if (!outcome->replayed) made.plain = plain;
    co_return made;
}

asio::awaitable<Result<Listing<ApiKey>>> Tokens::list_api_keys(ListRequest request) {
    auto prefix = std::string(keys::api_keys);
    auto total_key = std::string(keys::api_keys_total);
    auto listed = co_await records_.list(std::move(prefix), std::move(total_key), std::move(request));
    if (!listed) co_return listed.error();
    Listing<ApiKey> listing;
    listing.total = listed->total;
    listing.next = std::move(listed->next);
    for (const auto& item : listed->items)
        listing.items.push_back(to_api_key(kv::view_of(item.entry)));
    co_return listing;
}

asio::awaitable<Result<void>> Tokens::delete_api_key(Uuid id, std::optional<kv::RequestId> request) {
    auto key = keys::api_key(id);
    auto entry = co_await records_.find(key);
    if (!entry) co_return entry.error();
    if (!*entry) co_return token_not_found();
    RecordCommit commit;
    commit.request(std::move(request), format_uuid(id));
    commit.frees_space();
    commit.check_present(key);
    commit.erase(key);
    commit.erase(keys::token(parse_record<IssuedToken>((*entry)->value).sha256));
    commit.count(std::string(keys::api_keys_total), -1);
    auto outcome = co_await records_.commit(std::move(commit));
    if (outcome) co_return Result<void>();
    if (outcome.error().code == kv::Errc::check_failed) co_return token_not_found();
    co_return store_error(outcome.error());
}

asio::awaitable<Result<Issued<IssuedEndUserToken>>> Tokens::create_end_user_token(
    Uuid end_user, std::optional<std::string> integration_name, TimeMs lifetime_ms,
    std::optional<kv::RequestId> request) {
    static constexpr Kind kind{.name = end_user_kind, .prefix = end_user_token_prefix, .listed = false};
    auto issued = co_await issue(kind, end_user, std::move(integration_name), lifetime_ms, std::move(request));
    co_return issued;
}

asio::awaitable<Result<Issued<IssuedEndUserToken>>> Tokens::create_mcp_token(Uuid end_user, TimeMs lifetime_ms,
                                                                             std::optional<kv::RequestId> request) {
    static constexpr Kind kind{.name = mcp_kind, .prefix = mcp_token_prefix, .listed = true};
    auto issued = co_await issue(kind, end_user, {}, lifetime_ms, std::move(request));
    co_return issued;
}

asio::awaitable<Result<Issued<IssuedEndUserToken>>> Tokens::issue(const Kind& kind, Uuid end_user,
                                                                  std::optional<std::string> integration_name,
                                                                  TimeMs lifetime_ms,
                                                                  std::optional<kv::RequestId> request) {
    auto found = co_await end_users_.find(end_user);
    if (!found) co_return found.error();
    const Uuid workspace = found->workspace;
    std::size_t live = 0;
    auto counting = [&live](std::string_view, const kv::EntryView&) { return ++live < tokens_per_end_user_max; };
    auto prefix = keys::tokens_of(workspace, end_user);
    auto counted = co_await records_.walk(prefix, kv::Values::omit, counting);
    if (!counted) co_return counted.error();
    if (live >= tokens_per_end_user_max) {
        co_return Error{
            .code = Errc::too_many,
            .message = "an end user has at most " + std::to_string(tokens_per_end_user_max) + " tokens"};
    }

    const auto plain = make_token(kind.prefix);
    const IssuedToken issued{.sha256 = sha256_hex(plain),
                             .token = {.id = ids_.make(),
                                       .kind = std::string(kind.name),
                                       .name = {},
                                       .permissions = {},
                                       .workspaces = std::vector<Uuid>{workspace},
                                       .end_user = end_user,
                                       .integration_name = std::move(integration_name)}};
    const auto expiry = kv::Expiry::at(now_ms() + lifetime_ms);
    RecordCommit commit;
    commit.request(std::move(request));
    commit.check_present(keys::workspace(workspace));
    commit.check_present(keys::end_user(workspace, end_user));
    commit.put_main(prefix + issued.sha256, print(issued), expiry);
    commit.put(keys::token(issued.sha256), print(issued.token), expiry);
    if (kind.listed) {
        commit.put(keys::mcp_token(workspace, issued.token.id), print(issued), expiry);
        commit.put(keys::id(issued.token.id), print(IdRecord{.workspace = workspace, .kind = "mcp_token"}), expiry);
    }
    commit.count(keys::tokens_made(workspace, end_user), 1);
    auto outcome = co_await records_.commit(std::move(commit));
    if (!outcome && outcome.error().code == kv::Errc::check_failed) co_return end_user_not_found();
    if (!outcome) co_return store_error(outcome.error());
    Issued<IssuedEndUserToken> made{.token = to_end_user_token(kv::view_of(main_record(*outcome)))};
    if (!outcome->replayed) made.plain = plain;
    co_return made;
}

asio::awaitable<Result<Listing<IssuedEndUserToken>>> Tokens::list_mcp_tokens(Uuid workspace, ListRequest request) {
    auto prefix = keys::mcp_tokens(workspace);
    std::uint64_t total = 0;  // counted, because they end by themselves
    auto counting = [&total](std::string_view, const kv::EntryView&) { return ++total > 0; };
    auto counted = co_await records_.walk(prefix, kv::Values::omit, counting);
    if (!counted) co_return counted.error();
    auto listed = co_await records_.list(std::move(prefix), {}, std::move(request));
    if (!listed) co_return listed.error();
    Listing<IssuedEndUserToken> listing;
    listing.total = total;
    listing.next = std::move(listed->next);
    for (const auto& item : listed->items)
        listing.items.push_back(to_end_user_token(kv::view_of(item.entry)));
    co_return listing;
}

asio::awaitable<Result<IssuedEndUserToken>> Tokens::get_mcp_token(Uuid id) {
    auto id_key = keys::id(id);
    auto id_entry = co_await records_.find(std::move(id_key));
    if (!id_entry) co_return id_entry.error();
    if (!*id_entry) co_return token_not_found();
    const auto place = parse_record<IdRecord>((*id_entry)->value);
    if (place.kind != "mcp_token") co_return token_not_found();
    auto key = keys::mcp_token(place.workspace, id);
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return token_not_found();
    co_return to_end_user_token(kv::view_of(**entry));
}

asio::awaitable<Result<void>> Tokens::delete_mcp_token(Uuid id, std::optional<kv::RequestId> request) {
    auto token = co_await get_mcp_token(id);
    if (!token) co_return token.error();
    auto key = keys::mcp_token(token->workspace, id);
    auto entry = co_await records_.find(key);
    if (!entry) co_return entry.error();
    if (!*entry) co_return token_not_found();
    const auto sha256 = parse_record<IssuedToken>((*entry)->value).sha256;
    RecordCommit commit;
    commit.request(std::move(request), format_uuid(id));
    commit.frees_space();
    commit.check_present(key);
    commit.erase(key);
    commit.erase(keys::id(id));
    commit.erase(keys::token(sha256));
    commit.erase(keys::tokens_of(token->workspace, token->end_user) + sha256);
    auto outcome = co_await records_.commit(std::move(commit));
    if (outcome) co_return Result<void>();
    if (outcome.error().code == kv::Errc::check_failed) co_return token_not_found();
    co_return store_error(outcome.error());
}

std::optional<std::string> token_digest(std::string_view token) {
    if (token.empty() || token.size() > token_bytes_max) return std::nullopt;
    return sha256_hex(token);
}

asio::awaitable<Result<std::shared_ptr<const Principal>>> Tokens::find(std::string_view token) {
    auto digest = token_digest(token);
    if (!digest) co_return std::shared_ptr<const Principal>();
    auto found = co_await find_digest(std::move(*digest));
    co_return found;
}

asio::awaitable<Result<std::shared_ptr<const Principal>>> Tokens::find_digest(std::string digest) {
    auto key = keys::token(digest);
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return std::shared_ptr<const Principal>();
    co_return to_principal(parse_record<TokenRecord>((*entry)->value), **entry);
}

}  // namespace alcove::scopes

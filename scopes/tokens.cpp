#include "scopes/tokens.hpp"

#include <utility>

#include "scopes/secret.hpp"

namespace alcove::scopes {
namespace {

bool concerns_tokens(const kv::Change& change) {
    return change.key.starts_with(keys::tokens) || change.kind == kv::Change::Kind::empty;
}

std::shared_ptr<const Principal> to_principal(const TokenRecord& record) {
    auto principal = std::make_shared<Principal>();
    principal->id = record.id;
    principal->workspaces = record.workspaces;
    for (const auto& name : record.permissions) {
        const auto permission = parse_permission(name);
        if (permission) principal->permissions.add(*permission);
    }
    return principal;
}

}  // namespace

Tokens::Tokens(SystemStore& records, UuidMaker& ids)
    : records_(records),
      ids_(ids),
      subscription_(records.store().subscribe(records.name(), [this](std::span<const kv::Change> changes) {
          for (const auto& change : changes) {
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
                             .kind = "api_key",
                             .name = "root",
                             .permissions = {std::string(to_string(Permission::admin))},
                             .workspaces = {}};
    RecordCommit commit;
    if (former) commit.erase(keys::token(*former));
    commit.put(keys::token(sha256), print(record));
    commit.put(key, print(RootKeyRecord{.sha256 = sha256}));
    auto outcome = co_await records_.commit(std::move(commit));
    if (!outcome) co_return store_error(outcome.error());
    if (wanted) co_return std::optional<std::string>();
    co_return std::optional<std::string>(plain);
}

asio::awaitable<Result<std::shared_ptr<const Principal>>> Tokens::find(std::string_view token) {
    if (token.empty() || token.size() > token_bytes_max) co_return std::shared_ptr<const Principal>();
    auto key = keys::token(sha256_hex(token));
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return std::shared_ptr<const Principal>();
    co_return to_principal(parse_record<TokenRecord>((*entry)->value));
}

}  // namespace alcove::scopes

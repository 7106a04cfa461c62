// Short spellings of the store's values for tests.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "kv/types.hpp"

namespace alcove::test {

inline kv::Operation get(std::string_view key) {
    return kv::Get{.key = std::string(key)};
}
inline kv::Operation put(std::string_view key, std::string_view value, kv::Expiry expiry = kv::Expiry::never(),
                         std::string_view content_type = "text/plain") {
    return kv::Put{.key = std::string(key),
                   .value = std::string(value),
                   .content_type = std::string(content_type),
                   .expiry = expiry};
}
inline kv::Operation put_sequential(std::string_view prefix, std::string_view suffix, std::string_view value,
                                    kv::Expiry expiry = kv::Expiry::never()) {
    return kv::PutSequential{.prefix = std::string(prefix),
                             .suffix = std::string(suffix),
                             .value = std::string(value),
                             .content_type = "text/plain",
                             .expiry = expiry};
}
inline kv::Operation put_json(std::string_view key, std::string_view json) {
    return put(key, json, kv::Expiry::never(), "application/json");
}
inline kv::Operation del(std::string_view key) {
    return kv::Delete{.key = std::string(key)};
}
inline kv::Operation delete_prefix(std::string_view prefix) {
    kv::DeletePrefix operation;
    operation.prefix = prefix;
    return operation;
}
inline kv::Operation increment(std::string_view key, std::int64_t by = 1) {
    return kv::Increment{.key = std::string(key), .by = by};
}
inline kv::Operation append(std::string_view key, std::string_view value, std::string_view separator = "") {
    return kv::Append{.key = std::string(key), .value = std::string(value), .separator = std::string(separator)};
}
inline kv::Operation add_to_list(std::string_view key, std::string_view json, bool unique = false) {
    return kv::AddToList{.key = std::string(key), .value_json = std::string(json), .unique = unique};
}
inline kv::Operation remove_from_list(std::string_view key, std::string_view json) {
    return kv::RemoveFromList{.key = std::string(key), .value_json = std::string(json)};
}
inline kv::Operation merge(std::string_view key, std::string_view patch) {
    return kv::Merge{.key = std::string(key), .patch_json = std::string(patch)};
}
inline kv::Operation touch(std::string_view key, kv::Expiry expiry) {
    return kv::Touch{.key = std::string(key), .expiry = expiry};
}

inline kv::Check absent(std::string_view key) {
    return {.key = std::string(key), .kind = kv::Check::Kind::absent, .version = 0};
}
inline kv::Check present(std::string_view key) {
    return {.key = std::string(key), .kind = kv::Check::Kind::present, .version = 0};
}
inline kv::Check at_version(std::string_view key, kv::Version version) {
    return {.key = std::string(key), .kind = kv::Check::Kind::version, .version = version};
}

inline kv::Commit commit_of(std::vector<kv::Operation> operations, std::vector<kv::Check> checks = {}) {
    kv::Commit commit;
    commit.operations = std::move(operations);
    commit.checks = std::move(checks);
    return commit;
}

// The same number gives the same UUID.
inline kv::Uuid uuid(std::uint8_t number) {
    kv::Uuid out{};
    out.data[0] = 0x01;
    out.data[15] = number;
    return out;
}
inline kv::NamespaceName workspace_namespace(std::uint8_t workspace = 1) {
    return {.scope = kv::Scope::workspace, .workspace = uuid(workspace), .subject = ""};
}
inline kv::NamespaceName end_user_namespace(std::uint8_t user = 1, std::uint8_t workspace = 1) {
    const kv::Uuid id = uuid(user);
    return {.scope = kv::Scope::end_user, .workspace = uuid(workspace), .subject = {id.begin(), id.end()}};
}
inline kv::NamespaceName external_namespace(std::string_view subject, std::uint8_t workspace = 1) {
    return {.scope = kv::Scope::external, .workspace = uuid(workspace), .subject = std::string(subject)};
}

}  // namespace alcove::test

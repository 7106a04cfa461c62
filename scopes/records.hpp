// The records that identity keeps in the store's system namespace: their shapes and their JSON text. For their keys
// see keys.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scopes/names.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {

// `slug/<slug>`
struct SlugRecord {
    Uuid workspace{};
};

// `workspace/<uuid>`
struct WorkspaceRecord {
    std::string name;
    std::string slug;
};

// `id/<uuid>`: what has that id, and where.
struct IdRecord {
    Uuid workspace{};
    std::string kind;  // "end_user", "connection", "mcp_token"
};

// `<workspace>/end_user/<uuid>`
struct EndUserRecord {
    std::string external_id;
    std::vector<std::string> deprecated_external_ids;
    std::optional<std::string> display_name;
    std::optional<std::string> email;
    std::string metadata_json = "{}";  // the member `metadata`, as it was written
};

// `<workspace>/end_user_external_id/<sha256>`
struct ExternalIdRecord {
    enum class Standing : std::uint8_t { primary, deprecated };
    Uuid end_user{};
    Standing standing = Standing::primary;
};

// `<workspace>/connection/<uuid>`. Its credentials, if it has any, stand in `sealed/<uuid>`.
struct ConnectionRecord {
    std::string integration_name;
    std::optional<std::string> external_id;        // its selector
    std::optional<std::string> owner_external_id;  // what the caller calls its owner
    std::optional<std::string> display_name;
    std::optional<Uuid> end_user;  // nullopt: the workspace's own
    ConnectionStatus status = ConnectionStatus::connected;
    AuthMethod auth_method = AuthMethod::none;
    std::vector<std::string> credential_names;  // the members of its credentials
};

// `<workspace>/event/<place>`
struct EventRecord {
    std::string type;                              // such as `connection.created`
    std::optional<Uuid> connection;                // of which it tells, or
    std::optional<Uuid> end_user;                  // of whom
    std::optional<std::string> external_id;        // at that moment: of a connection, what its owner is called
    std::optional<std::string> other_external_id;  // of a rename the former one, of a removal the removed one
    std::optional<std::string> record;             // print() of the connection or the end user at that moment
    std::optional<TimeMs> subject_created_ms;      // nullopt: made by the very commit
    std::string data_json = "{}";                  // what its reporter said
};

// What an index of connections leads to.
struct ConnectionPointer {
    Uuid connection{};
    std::string integration_name;
};

// `sealed/<uuid>`: what the vault made of that resource's secret.
struct SealedRecord {
    std::string text;
};

// `<workspace>/integration/<uuid>`: an integration as one workspace uses it.
struct IntegrationRecord {
    std::string integration_name;
    std::string alias;
    std::optional<std::string> display_name;
    ConnectionStrategy strategy = ConnectionStrategy::per_user;
    std::optional<Uuid> connection;
    std::optional<std::vector<std::string>> enabled_actions;  // nullopt: all
    Persistence persistence;
    std::int64_t sort_order = 0;
};

// `<workspace>/alias/<alias>`
struct AliasRecord {
    Uuid integration{};
};

// `token/<sha256>`
struct TokenRecord {
    Uuid id{};
    std::string kind;  // "api_key", "end_user", "mcp"
    std::string name;
    std::vector<std::string> permissions;         // of an API key; the others have what their kind may do
    std::optional<std::vector<Uuid>> workspaces;  // nullopt: every workspace
    std::optional<Uuid> end_user;                 // as whom it acts
    std::optional<std::string> integration_name;  // to which it is held
};

// `api_key/<uuid>` and `<workspace>/mcp_token/<uuid>`: what is shown of a token, and where it is.
struct IssuedToken {
    std::string sha256;
    TokenRecord token;
};

// `root_key`: which token is the root's.
struct RootKeyRecord {
    std::string sha256;
};

// `job/drop/<uuid>`: an owner whose identity is gone and whose data must follow.
struct DropJob {
    Uuid workspace{};
    std::optional<Uuid> end_user;  // nullopt: the whole workspace
};

std::string print(const SlugRecord& record);
std::string print(const WorkspaceRecord& record);
std::string print(const IdRecord& record);
std::string print(const EndUserRecord& record);
std::string print(const ExternalIdRecord& record);
std::string print(const ConnectionRecord& record);
std::string print(const ConnectionPointer& record);
std::string print(const EventRecord& record);
std::string print(const SealedRecord& record);
std::string print(const IntegrationRecord& record);
std::string print(const AliasRecord& record);
std::string print(const IssuedToken& record);
std::string print(const TokenRecord& record);
std::string print(const RootKeyRecord& record);
std::string print(const DropJob& record);

// Throws kv::StoreFailure when the text is not such a record: nothing but these printers writes them.
template <class Record>
Record parse_record(std::string_view json);

template <>
SlugRecord parse_record(std::string_view json);
template <>
WorkspaceRecord parse_record(std::string_view json);
template <>
IdRecord parse_record(std::string_view json);
template <>
EndUserRecord parse_record(std::string_view json);
template <>
ExternalIdRecord parse_record(std::string_view json);
template <>
ConnectionRecord parse_record(std::string_view json);
template <>
ConnectionPointer parse_record(std::string_view json);
template <>
EventRecord parse_record(std::string_view json);
template <>
SealedRecord parse_record(std::string_view json);
template <>
IntegrationRecord parse_record(std::string_view json);
template <>
AliasRecord parse_record(std::string_view json);
template <>
IssuedToken parse_record(std::string_view json);
template <>
TokenRecord parse_record(std::string_view json);
template <>
RootKeyRecord parse_record(std::string_view json);
template <>
DropJob parse_record(std::string_view json);

}  // namespace alcove::scopes

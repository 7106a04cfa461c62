// The records that identity keeps in the store's system namespace: their keys, their shapes, their JSON text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scopes/uuid.hpp"

namespace alcove::scopes {

// Keys. External ids may be longer than a key, so they stand there as their SHA-256.
namespace keys {
std::string slug(std::string_view slug);             // slug/<slug>
std::string workspace(const Uuid& id);               // workspace/<uuid>
std::string workspace(std::string_view id);          // the same, when the id is text already
std::string id(const Uuid& id);                      // id/<uuid>
std::string token(std::string_view sha256);          // token/<sha256>
std::string drop_job(const Uuid& id);                // job/drop/<uuid>
std::string owned(const Uuid& workspace);            // <workspace>/: the prefix of all that it holds
std::string end_users(const Uuid& workspace);        // <workspace>/end_user/: the prefix of its end users
std::string end_users_total(const Uuid& workspace);  // <workspace>/total/end_user
std::string end_user(const Uuid& workspace, const Uuid& id);
std::string end_user_external_id(const Uuid& workspace, std::string_view external_id);

inline constexpr std::string_view workspaces = "workspace/";
inline constexpr std::string_view workspaces_total = "total/workspace";
inline constexpr std::string_view drop_jobs = "job/drop/";
inline constexpr std::string_view tokens = "token/";
inline constexpr std::string_view root_key = "root_key";
}  // namespace keys

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
    std::string kind;  // "end_user"
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

// `token/<sha256>`
struct TokenRecord {
    Uuid id{};
    std::string kind;  // "api_key"
    std::string name;
    std::vector<std::string> permissions;
    std::optional<std::vector<Uuid>> workspaces;  // nullopt: every workspace
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
TokenRecord parse_record(std::string_view json);
template <>
RootKeyRecord parse_record(std::string_view json);
template <>
DropJob parse_record(std::string_view json);

}  // namespace alcove::scopes

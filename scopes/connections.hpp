// Connections of a workspace, its own and its end users': create, get, list, update, delete, credentials.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scopes/end_users.hpp"
#include "scopes/error.hpp"
#include "scopes/names.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"
#include "scopes/vault.hpp"

namespace alcove::scopes {

// An end user is deleted together with its connections, in one commit.
inline constexpr std::size_t connections_per_end_user_max = 200;

inline constexpr std::size_t credentials_bytes_max = std::size_t{64} << 10;

inline constexpr std::string_view connection_connected = "connected";

struct Connection {
    Uuid id{};
    Uuid workspace{};
    std::string integration_name;
    std::optional<std::string> external_id;
    std::optional<std::string> owner_external_id;
    std::optional<std::string> display_name;
    std::optional<Uuid> end_user;
    std::optional<std::string> end_user_external_id;  // its primary external id
    std::string status;
    TimeMs created_ms = 0;
    TimeMs updated_ms = 0;
};

struct NewConnection {
    Uuid workspace{};
    IntegrationName integration_name;
    std::optional<ExternalId> external_id;   // the selector, unique per workspace and integration
    std::optional<Label> owner_external_id;  // a label, not unique
    std::optional<Label> display_name;
    std::optional<ExternalId> end_user;      // made when the workspace has none of that external id
    std::optional<std::string> credentials;  // the text of a JSON object, at most credentials_bytes_max
    std::string status{connection_connected};
};

// An outer nullopt leaves a field alone, an inner one clears it.
struct ConnectionChanges {
    std::optional<std::optional<ExternalId>> external_id;
    std::optional<std::optional<Label>> owner_external_id;
    std::optional<std::optional<Label>> display_name;
    std::optional<std::optional<std::string>> credentials;
};

// All that are given hold together.
struct ConnectionFilter {
    std::optional<std::string> integration_name;
    std::optional<std::string> external_id;
    std::optional<std::string> owner_external_id;
    std::optional<Uuid> end_user;

    bool empty() const { return !integration_name && !external_id && !owner_external_id && !end_user; }
};

// A connection's record as it was at one moment, for those who change it.
struct FoundConnection {
    Uuid workspace{};
    kv::Entry entry;
    ConnectionRecord record;
};

// Thread-safe. What it is given must outlive it.
class Connections {
public:
    Connections(SystemStore& records, UuidMaker& ids, EndUsers& end_users, const Vault& vault)
        : records_(records), ids_(ids), end_users_(end_users), vault_(vault) {}

    // workspace_not_found, duplicate, too_many
    asio::awaitable<Result<Written<Connection>>> create(NewConnection connection,
                                                        std::optional<kv::RequestId> request = {});

    // connection_not_found, also when its workspace is gone
    asio::awaitable<Result<Connection>> get(Uuid id);

    // By the selector. connection_not_found
    asio::awaitable<Result<Connection>> get_selected(Uuid workspace, std::string integration_name,
                                                     std::string external_id);

    // The end user's oldest connection of that integration. connection_not_found
    asio::awaitable<Result<Connection>> get_of(Uuid workspace, Uuid end_user, std::string integration_name);

    // In the order of creation. bad_cursor
    asio::awaitable<Result<Listing<Connection>>> list(Uuid workspace, ConnectionFilter filter, ListRequest request);

    // connection_not_found, duplicate
    asio::awaitable<Result<Written<Connection>>> update(Uuid id, ConnectionChanges changes,
                                                        std::optional<kv::RequestId> request = {});

    // connection_not_found
    asio::awaitable<Result<void>> remove(Uuid id, std::optional<kv::RequestId> request = {});

    // The text of a JSON object; nullopt when it has none. Throws kv::StoreFailure when the master key is not the
    // one that sealed it.
    asio::awaitable<Result<std::optional<std::string>>> credentials(Uuid id);

    // connection_not_found, also when its workspace is gone
    asio::awaitable<Result<FoundConnection>> find(Uuid id);

private:
    asio::awaitable<Result<Connection>> describe(Uuid workspace, Uuid id, kv::Entry entry);
    asio::awaitable<Result<Written<Connection>>> describe_written(Uuid workspace, Uuid id, kv::Committed committed);
    asio::awaitable<Result<std::vector<Connection>>> load(Uuid workspace, std::vector<Uuid> ids);
    asio::awaitable<Result<Listing<Connection>>> list_filtered(Uuid workspace, ConnectionFilter filter,
                                                               ListRequest request);

    SystemStore& records_;
    UuidMaker& ids_;
    EndUsers& end_users_;
    const Vault& vault_;
};

// Erases a connection and everything that leads to it, but for the count of its end user's.
void erase_connection(RecordCommit& commit, const Uuid& workspace, const Uuid& id, const ConnectionRecord& record);

Error connection_not_found();

}  // namespace alcove::scopes

// Connections of a workspace, its own and its end users': create, get, list, update, report, terminate, delete,
// credentials. Each change is told as an event, in the same commit.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "scopes/end_users.hpp"
#include "scopes/error.hpp"
#include "scopes/events.hpp"
#include "scopes/names.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"
#include "scopes/vault.hpp"

namespace alcove::scopes {

// An end user is deleted together with its connections, in one commit.
inline constexpr std::size_t connections_per_end_user_max = 200;

inline constexpr std::size_t credentials_bytes_max = std::size_t{64} << 10;

// Their names are kept beside them, in the open.
inline constexpr std::size_t credentials_members_max = 64;
inline constexpr std::size_t credential_name_bytes_max = 128;

struct Connection {
    Uuid id{};
    Uuid workspace{};
    std::string integration_name;
    std::optional<std::string> external_id;
    std::optional<std::string> owner_external_id;
    std::optional<std::string> display_name;
    std::optional<Uuid> end_user;
    std::optional<std::string> end_user_external_id;  // its primary external id
    ConnectionStatus status = ConnectionStatus::connected;
    AuthMethod auth_method = AuthMethod::none;
    std::vector<std::string> credential_names;
    TimeMs created_ms = 0;
    TimeMs updated_ms = 0;
};

// A JSON object that is kept sealed: at most credentials_bytes_max, credentials_members_max and
// credential_name_bytes_max.
class Credentials {
public:
    // `json` is the text of a JSON object, already validated. nullopt when it exceeds a limit.
    static std::optional<Credentials> parse(std::string_view json);
    const std::string& json() const { return json_; }
    const std::vector<std::string>& names() const { return names_; }

private:
    std::string json_;
    std::vector<std::string> names_;
};

struct NewConnection {
    Uuid workspace{};
    IntegrationName integration_name;
    std::optional<ExternalId> external_id;   // the selector, unique per workspace and integration
    std::optional<Label> owner_external_id;  // a label, not unique
    std::optional<Label> display_name;
    std::optional<ExternalId> end_user;  // made when the workspace has none of that external id
    std::optional<Credentials> credentials;
    AuthMethod auth_method = AuthMethod::none;
};

// An outer nullopt leaves a field alone, an inner one clears it. Whoever changes how a connection proves itself, by
// its method or its credentials, has it proven again: its status begins anew.
struct ConnectionChanges {
    std::optional<std::optional<ExternalId>> external_id;
    std::optional<std::optional<Label>> owner_external_id;
    std::optional<std::optional<Label>> display_name;
    std::optional<std::optional<Credentials>> credentials;
    std::optional<IntegrationName> integration_name;
    std::optional<AuthMethod> auth_method;  // `none` erases the credentials, unless others are given
};

// What a worker says of a connection.
struct ConnectionReport {
    EventType type;
    std::string data_json = "{}";  // an object, at most event_data_bytes_max
};

// All that are given hold together.
struct ConnectionFilter {
    std::optional<std::string> integration_name;
    std::optional<std::string> external_id;
    std::optional<std::string> owner_external_id;
    std::optional<Uuid> end_user;
    std::vector<ConnectionStatus> statuses;  // one of them; empty: any

    bool empty() const { return !indexed() && statuses.empty(); }
    // Whether an index leads to what fits.
    bool indexed() const { return integration_name || external_id || owner_external_id || end_user; }
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
    Connections(SystemStore& records, UuidMaker& ids, EndUsers& end_users, Events& events, const Vault& vault)
        : records_(records), ids_(ids), end_users_(end_users), events_(events), vault_(vault) {}

    // workspace_not_found, duplicate, too_many
    asio::awaitable<Result<Written<Connection>>> create(NewConnection connection,
                                                        std::optional<kv::RequestId> request = {});

    // connection_not_found, also when its workspace is gone
    asio::awaitable<Result<Connection>> get(Uuid id);

    // By the selector. connection_not_found
    asio::awaitable<Result<Connection>> get_selected(Uuid workspace, std::string integration_name,
                                                     std::string external_id);

    // The end user's oldest connection of that integration that is not terminated. connection_not_found
    asio::awaitable<Result<Connection>> get_of(Uuid workspace, Uuid end_user, std::string integration_name);

    // In the order of creation. bad_cursor
    asio::awaitable<Result<Listing<Connection>>> list(Uuid workspace, ConnectionFilter filter, ListRequest request);

    // connection_not_found, duplicate, connection_terminated
    asio::awaitable<Result<Written<Connection>>> update(Uuid id, ConnectionChanges changes,
                                                        std::optional<kv::RequestId> request = {});

    // `connection.connected`, `connection.interaction_required` and `connection.disconnected` move the connection
    // (connection_terminated); every other type just tells. connection_not_found; invalid for the types that only
    // changes themselves tell.
    asio::awaitable<Result<Written<Event>>> report(Uuid id, ConnectionReport report,
                                                   std::optional<kv::RequestId> request = {});

    // Reports `connection.disconnected`. connection_not_found, connection_terminated
    asio::awaitable<Result<Written<Connection>>> disconnect(Uuid id, std::optional<kv::RequestId> request = {});

    // Ends it for good: its credentials are erased, its selector is free again, it stays readable. Terminating
    // twice changes nothing. connection_not_found
    asio::awaitable<Result<Written<Connection>>> terminate(Uuid id, std::optional<kv::RequestId> request = {});

    // connection_not_found
    asio::awaitable<Result<void>> remove(Uuid id, std::optional<kv::RequestId> request = {});

    // The text of a JSON object; nullopt when it has none. Throws kv::StoreFailure when the master key is not the
    // one that sealed it.
    asio::awaitable<Result<std::optional<std::string>>> credentials(Uuid id);

    // connection_not_found, also when its workspace is gone
    asio::awaitable<Result<FoundConnection>> find(Uuid id);

private:
    // What a change makes of a connection.
    struct Edit {
        std::optional<ConnectionRecord> record;                 // nullopt: it stays as it is
        std::optional<std::optional<Credentials>> credentials;  // the inner nullopt erases them
        std::string event_type;
        std::string event_data_json = "{}";

        bool moves() const { return record.has_value(); }
    };
    using Editor = std::function<Result<Edit>(const ConnectionRecord& former)>;
    static Editor reporting(ConnectionReport report);
    asio::awaitable<Result<kv::Committed>> edit(Uuid id, Editor editor, std::optional<kv::RequestId> request);
    asio::awaitable<Result<Written<Connection>>> edit_and_describe(Uuid id, Editor editor,
                                                                   std::optional<kv::RequestId> request);

    void seal(RecordCommit& commit, const Uuid& id, const Credentials& credentials) const;

    asio::awaitable<Result<Connection>> describe(Uuid workspace, Uuid id, kv::Entry entry);
    asio::awaitable<Result<Written<Connection>>> describe_written(Uuid workspace, Uuid id, kv::Committed committed);
    asio::awaitable<Result<std::vector<Connection>>> load(Uuid workspace, std::vector<Uuid> ids);
    asio::awaitable<Result<Listing<Connection>>> list_filtered(Uuid workspace, ConnectionFilter filter,
                                                               ListRequest request);

    SystemStore& records_;
    UuidMaker& ids_;
    EndUsers& end_users_;
    Events& events_;
    const Vault& vault_;
};

// Without the external id of its end user.
Connection to_connection(const Uuid& workspace, const Uuid& id, const kv::Entry& entry);

// Erases a connection and everything that leads to it, but for the count of its end user's, and tells it.
void erase_connection(RecordCommit& commit, const Uuid& workspace, const Uuid& id, const ConnectionRecord& record,
                      TimeMs created_ms);

Error connection_not_found();
Error connection_terminated();

}  // namespace alcove::scopes

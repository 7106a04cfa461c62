// End users of a workspace: create, get, list, update. Deleting is a job of its own, see deletion.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scopes/error.hpp"
#include "scopes/events.hpp"
#include "scopes/names.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {

struct EndUser {
    Uuid id{};
    Uuid workspace{};
    std::string external_id;
    std::vector<std::string> deprecated_external_ids;
    std::optional<std::string> display_name;
    std::optional<std::string> email;
    std::string metadata_json;
    std::uint64_t connections = 0;  // how many it has
    TimeMs created_ms = 0;
    TimeMs updated_ms = 0;
};

struct NewEndUser {
    Uuid workspace{};
    ExternalId external_id;
    std::optional<Label> display_name;
    std::optional<Email> email;
    Metadata metadata;
};

// An outer nullopt leaves a field alone, an inner one clears it. The external id is not for changing.
struct EndUserChanges {
    std::optional<std::optional<Label>> display_name;
    std::optional<std::optional<Email>> email;
    std::optional<Metadata> metadata;
};

// An end user's record as it was at one moment, for those who change it.
struct FoundEndUser {
    Uuid workspace{};
    kv::Entry entry;
    EndUserRecord record;
    std::uint64_t connections = 0;
};

// Thread-safe. `records` and `ids` must outlive it.
class EndUsers {
public:
    EndUsers(SystemStore& records, UuidMaker& ids) : records_(records), ids_(ids) {}

    // workspace_not_found, duplicate
    asio::awaitable<Result<Written<EndUser>>> create(NewEndUser end_user,
                                                     std::optional<kv::RequestId> request = {});

    // end_user_not_found, also when its workspace is gone
    asio::awaitable<Result<EndUser>> get(Uuid id);

    // By external id, primary or deprecated. end_user_not_found
    asio::awaitable<Result<EndUser>> get_by_external_id(Uuid workspace, ExternalId external_id);

    // The primary external id of each, all at one moment; nullopt for who is not an end user of the workspace.
    asio::awaitable<Result<std::vector<std::optional<std::string>>>> external_ids(Uuid workspace,
                                                                                  std::vector<Uuid> ids);

    // bad_cursor
    asio::awaitable<Result<Listing<EndUser>>> list(Uuid workspace, ListRequest request);

    // end_user_not_found
    asio::awaitable<Result<Written<EndUser>>> update(Uuid id, EndUserChanges changes,
                                                     std::optional<kv::RequestId> request = {});

    // end_user_not_found, also when its workspace is gone
    asio::awaitable<Result<FoundEndUser>> find(Uuid id);

private:
    SystemStore& records_;
    UuidMaker& ids_;
};

// `created_ms` is nullopt for an end user that the commit itself makes.
EventRecord event_of(std::string type, const Uuid& id, const EndUserRecord& record,
                     std::optional<TimeMs> created_ms);

// What belongs to a new end user beside its record, whoever makes it. Returns the position of the check that the
// external id is free.
std::size_t index_end_user(RecordCommit& commit, const Uuid& workspace, const Uuid& id,
                           const EndUserRecord& record);

Error end_user_not_found();

}  // namespace alcove::scopes

// Renames external ids of end users, and removes the former ones. No data moves: an end user's namespace goes by
// its UUID. The rules are those of Braze's external-id migration.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scopes/error.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {

// An end user is deleted together with its external ids, in one commit, and is read with them all.
inline constexpr std::size_t deprecated_external_ids_max = 100;

// Of one call, which is one commit.
inline constexpr std::size_t external_id_changes_max = 50;

struct ExternalIdRename {
    std::string current;
    std::string wanted;
};

// What an item of a call comes to. The numbers are part of the format on disk.
enum class ExternalIdOutcome : std::uint8_t {
    done = 0,
    unknown = 1,         // nobody has the id
    not_primary = 2,     // of a rename: the id is deprecated already
    not_deprecated = 3,  // of a removal: the id is somebody's primary one
    in_use = 4,          // the new id is somebody's, primary or deprecated
    same = 5,            // the new id is the current one
    malformed = 6,       // the new id is no external id
    too_many = 7,        // the end user has deprecated_external_ids_max already
};

// One per item, in order.
using ExternalIdOutcomes = std::vector<ExternalIdOutcome>;

// Thread-safe. `records` must outlive it.
class ExternalIds {
public:
    explicit ExternalIds(SystemStore& records) : records_(records) {}

    // Gives end users new primary external ids; the former ones become deprecated and lead to the same end user
    // until they are removed. Items are taken in order, each on its own, all in one commit. At most
    // external_id_changes_max. workspace_not_found
    asio::awaitable<Result<Written<ExternalIdOutcomes>>> rename(Uuid workspace, std::vector<ExternalIdRename> items,
                                                                std::optional<kv::RequestId> request = {});

    // Removes deprecated external ids, likewise. Once it returns they lead nowhere.
    asio::awaitable<Result<Written<ExternalIdOutcomes>>> remove(Uuid workspace, std::vector<std::string> items,
                                                                std::optional<kv::RequestId> request = {});

private:
    SystemStore& records_;
};

}  // namespace alcove::scopes

// Webhooks of a workspace: event destinations, which are told of its events, and triggers, which are told of a
// namespace's changes. Here is who is told of what and how far each has been told; the telling itself is the
// server's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "scopes/error.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"
#include "scopes/vault.hpp"
#include "scopes/webhook_records.hpp"

namespace alcove::scopes {

// Each is followed by a coroutine of its own, and costs a few hundred bytes and one request at a time.
inline constexpr std::size_t destinations_per_workspace_max = 100;
inline constexpr std::size_t triggers_per_workspace_max = 1000;

// How long a secret that was replaced signs beside the new one.
inline constexpr TimeMs former_secret_ms = TimeMs{24} * 60 * 60 * 1000;

// Each is a signature with every delivery; who rotates more often ends the oldest early.
inline constexpr std::size_t former_secrets_max = 5;

enum class WebhookKind : std::uint8_t { destination, trigger };

struct Webhook {
    Uuid id{};
    Uuid workspace{};
    std::string url;
    std::vector<std::string> header_names;
    std::variant<EventSelection, KeySelection> selection;
    DeliveryRecord delivery;
    Version made = 0;  // the commit that made it: it is told of what came behind
    TimeMs created_ms = 0;
    TimeMs updated_ms = 0;

    WebhookKind kind() const { return static_cast<WebhookKind>(selection.index()); }
};

// Url, headers and secret are taken as they are: whoever sends them checks them.
struct NewWebhook {
    Uuid workspace{};
    std::string url;
    WebhookHeaders headers;
    std::string secret;
    std::variant<EventSelection, KeySelection> selection;
    bool active = true;
};

// nullopt leaves a field alone.
struct WebhookChanges {
    std::optional<std::string> url;
    std::optional<WebhookHeaders> headers;
    std::optional<EventSelection> selection;  // of a destination
    std::optional<bool> active;               // true: begins again where it stopped
};

// A webhook as it is to be told.
struct FollowedWebhook {
    Webhook webhook;
    WebhookSecrets secrets;
    Version delivery_version = 0;  // of its delivery record
};

// Thread-safe. What it is given must outlive it.
class Webhooks {
public:
    Webhooks(SystemStore& records, UuidMaker& ids, const Vault& vault)
        : records_(records), ids_(ids), vault_(vault) {}

    // workspace_not_found, too_many, also of those that are made at once
    asio::awaitable<Result<Written<Webhook>>> create(NewWebhook webhook, std::optional<kv::RequestId> request = {});

    // webhook_not_found, as for all below
    asio::awaitable<Result<Webhook>> get(Uuid workspace, WebhookKind kind, Uuid id);

    // bad_cursor
    asio::awaitable<Result<Listing<Webhook>>> list(Uuid workspace, WebhookKind kind, ListRequest request);

    asio::awaitable<Result<Written<Webhook>>> update(Uuid workspace, WebhookKind kind, Uuid id,
                                                     WebhookChanges changes,
                                                     std::optional<kv::RequestId> request = {});

    // `secret` signs from now on; each one before it signs too, for former_secret_ms from when it was replaced, but
    // for those beyond the last former_secrets_max.
    asio::awaitable<Result<Written<Webhook>>> rotate_secret(Uuid workspace, WebhookKind kind, Uuid id,
                                                            std::string secret,
                                                            std::optional<kv::RequestId> request = {});

    // What was taken away, as it was then.
    asio::awaitable<Result<Written<Webhook>>> remove(Uuid workspace, WebhookKind kind, Uuid id,
                                                     std::optional<kv::RequestId> request = {});

    // The same of an earlier remove() with that request id; nullopt when there was none.
    asio::awaitable<Result<std::optional<Webhook>>> recall_removed(std::optional<kv::RequestId> request);

    // What a server that starts has to follow.
    asio::awaitable<Result<std::vector<Uuid>>> active_ids();

    // webhook_not_found, also when its workspace is gone
    asio::awaitable<Result<FollowedWebhook>> find(Uuid id);

    // Writes how far a webhook was told; nullopt when its record is no longer at that version, which nothing but a
    // change of the webhook's standing brings about.
    asio::awaitable<Result<std::optional<Version>>> save(Uuid id, Version version, DeliveryRecord delivery);

private:
    struct Found;
    asio::awaitable<Result<Found>> find(Uuid workspace, WebhookKind kind, Uuid id);

    SystemStore& records_;
    UuidMaker& ids_;
    const Vault& vault_;
};

// Erases what a webhook has outside its workspace's prefix.
void erase_delivery(RecordCommit& commit, const Uuid& id);

// As keys spell the kinds.
std::string_view to_string(WebhookKind kind);

Error webhook_not_found();

}  // namespace alcove::scopes

// The records of webhooks in the system namespace: their shapes and their JSON text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scopes/records.hpp"

namespace alcove::scopes {

// What a destination is told: the workspace's events of these types.
struct EventSelection {
    std::string name;                // the destination's
    std::vector<std::string> types;  // `*`: every one
};

// What a trigger is told: changes of keys, or of files, with the prefix, in one namespace.
struct KeySelection {
    std::string trigger_name;
    std::string integration_name;
    Uuid integration{};  // which decided, when the trigger was enabled, which namespace it is
    kv::NamespaceName followed;
    std::string prefix;
    std::string metadata_json = "{}";  // goes along with every message
};

// `<workspace>/destination/<uuid>` and `<workspace>/trigger/<uuid>`
struct DestinationRecord {
    std::string url;
    std::vector<std::string> header_names;
    EventSelection selection;
};
struct TriggerRecord {
    std::string url;
    std::vector<std::string> header_names;
    KeySelection selection;
};

using WebhookHeaders = std::vector<std::pair<std::string, std::string>>;

// A secret that was replaced: it signs beside the current one until then.
struct FormerSecret {
    std::string text;
    TimeMs until_ms = 0;
};

// What is sealed for a webhook: its headers may be secrets, too.
struct WebhookSecrets {
    std::string current;
    std::vector<FormerSecret> formers;  // the last one first
    WebhookHeaders headers;
};

// `delivery/<uuid>`: how far a webhook was told.
struct DeliveryRecord {
    Uuid workspace{};
    std::string kind;                             // of the webhook
    std::optional<std::string> inactive_because;  // nullopt: it is active
    std::string place;                            // through which it was told; empty: nothing since it was made
    std::int64_t failures = 0;                    // in a row
    TimeMs retry_at_ms = 0;
    std::optional<TimeMs> last_success_ms;
    std::optional<TimeMs> last_failure_ms;
    std::optional<std::string> last_error;
};

std::string print(const DestinationRecord& record);
std::string print(const TriggerRecord& record);
std::string print(const WebhookSecrets& secrets);
std::string print(const DeliveryRecord& record);

template <>
DestinationRecord parse_record(std::string_view json);
template <>
TriggerRecord parse_record(std::string_view json);
template <>
WebhookSecrets parse_record(std::string_view json);
template <>
DeliveryRecord parse_record(std::string_view json);

}  // namespace alcove::scopes

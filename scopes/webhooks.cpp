#include "scopes/webhooks.hpp"

#include <array>
#include <utility>

#include "scopes/workspaces.hpp"

namespace alcove::scopes {
namespace {

constexpr std::string_view inactive_disabled = "disabled";  // by who set it up

constexpr std::array<std::string_view, 2> kind_names = {"destination", "trigger"};

// Where the outcome of a removal has what it took away.
constexpr std::size_t removed_record = 0;
constexpr std::size_t removed_delivery = 2;

std::string record_key(const Uuid& workspace, WebhookKind kind, const Uuid& id) {
    return keys::webhook(workspace, to_string(kind), id);
}

std::vector<std::string> names_of(const WebhookHeaders& headers) {
    std::vector<std::string> names;
    for (const auto& [name, value] : headers)
        names.push_back(name);
    return names;
}

std::string print_record(const Webhook& webhook) {
    if (const auto* selection = std::get_if<EventSelection>(&webhook.selection)) {
        return print(
            DestinationRecord{.url = webhook.url, .header_names = webhook.header_names, .selection = *selection});
    }
    return print(TriggerRecord{.url = webhook.url,
                               .header_names = webhook.header_names,
                               .selection = std::get<KeySelection>(webhook.selection)});
}

template <class Record>
void take_record(Webhook& webhook, std::string_view text) {
    auto record = parse_record<Record>(text);
    webhook.url = std::move(record.url);
    webhook.header_names = std::move(record.header_names);
    webhook.selection = std::move(record.selection);
}

Webhook to_webhook(const Uuid& workspace, WebhookKind kind, const Uuid& id, const kv::Entry& entry,
                   DeliveryRecord delivery) {
    Webhook webhook{.id = id, .workspace = workspace, .delivery = std::move(delivery)};
    webhook.made = entry.created_version;
    webhook.created_ms = entry.created_ms;
    webhook.updated_ms = entry.updated_ms;
    kind == WebhookKind::destination ? take_record<DestinationRecord>(webhook, entry.value)
                                     : take_record<TriggerRecord>(webhook, entry.value);
    return webhook;
}

WebhookKind kind_of(const DeliveryRecord& delivery) {
    return delivery.kind == to_string(WebhookKind::trigger) ? WebhookKind::trigger : WebhookKind::destination;
}

void replace_secret(WebhookSecrets& secrets, const std::string& secret, TimeMs now_ms) {
    auto& formers = secrets.formers;
    std::erase_if(formers, [now_ms](const auto& former) { return former.until_ms <= now_ms; });
    formers.insert(formers.begin(), {.text = std::move(secrets.current), .until_ms = now_ms + former_secret_ms});
    if (formers.size() > former_secrets_max) formers.pop_back();
    secrets.current = secret;
}

// What the commit of a removal took away.
Result<Webhook> removed_by(const kv::Committed& committed, const Uuid& id) {
    const auto& entry = committed.results[removed_record].entry;
    const auto& delivery_entry = committed.results[removed_delivery].entry;
    if (!entry || !delivery_entry) return webhook_not_found();  // remembered by a server that did not keep it
    auto delivery = parse_record<DeliveryRecord>(delivery_entry->value);
    const auto workspace = delivery.workspace;
    const auto kind = kind_of(delivery);
    return to_webhook(workspace, kind, id, *entry, std::move(delivery));
}

std::size_t per_workspace_max(WebhookKind kind) {
    return kind == WebhookKind::destination ? destinations_per_workspace_max : triggers_per_workspace_max;
}

Error too_many(WebhookKind kind) {
    return {.code = Errc::too_many,
            .message = "a workspace has at most " + std::to_string(per_workspace_max(kind)) + " " +
                       (kind == WebhookKind::destination ? "event destinations" : "triggers")};
}

}  // namespace

std::string_view to_string(WebhookKind kind) {
    return kind_names[static_cast<std::size_t>(kind)];
}

Error webhook_not_found() {
    return {.code = Errc::webhook_not_found, .message = "there is no such event destination or trigger"};
}

void erase_delivery(RecordCommit& commit, const Uuid& id) {
    commit.erase(keys::delivery(id));
    commit.erase(keys::sealed(id));
}

// A webhook's three records as they were at one moment.
struct Webhooks::Found {
    Webhook webhook;
    WebhookSecrets secrets;
    Version version = 0;
    Version sealed_version = 0;
    Version delivery_version = 0;

    // Puts the record, if nobody has changed it since.
    void write(RecordCommit& commit) const {
        const auto key = record_key(webhook.workspace, webhook.kind(), webhook.id);
        commit.check_present(keys::workspace(webhook.workspace));
        commit.check_version(key, version);
        commit.put_main(key, print_record(webhook));
    }
    void write_secrets(RecordCommit& commit, const Vault& vault) const {
        const auto owner = format_uuid(webhook.id);
        commit.check_version(keys::sealed(webhook.id), sealed_version);
        commit.put(keys::sealed(webhook.id), print(SealedRecord{.text = vault.seal(print(secrets), owner)}));
    }
    void write_delivery(RecordCommit& commit) const {
        commit.check_version(keys::delivery(webhook.id), delivery_version);
        commit.put(keys::delivery(webhook.id), print(webhook.delivery));
    }
    Written<Webhook> written(const kv::Committed& committed) && {
        const auto& entry = main_record(committed);
        return {.resource =
                    to_webhook(webhook.workspace, webhook.kind(), webhook.id, entry, std::move(webhook.delivery)),
                .replayed = committed.replayed};
    }
};

asio::awaitable<Result<Webhooks::Found>> Webhooks::find(Uuid workspace, WebhookKind kind, Uuid id) {
    std::vector<std::string> wanted{keys::workspace(workspace), record_key(workspace, kind, id), keys::sealed(id),
                                    keys::delivery(id)};
    auto entries = co_await records_.find_many(std::move(wanted));
    if (!entries) co_return entries.error();
    for (const auto& entry : *entries) {
        if (!entry) co_return webhook_not_found();
    }
    const auto& entry = *(*entries)[1];
    const auto& sealed = *(*entries)[2];
    const auto& delivery = *(*entries)[3];
    const auto secrets = vault_.open(parse_record<SealedRecord>(sealed.value).text, format_uuid(id));
    if (!secrets) throw kv::StoreFailure("a webhook's secret does not open with this master key");
    co_return Found{.webhook = to_webhook(workspace, kind, id, entry, parse_record<DeliveryRecord>(delivery.value)),
                    .secrets = parse_record<WebhookSecrets>(*secrets),
                    .version = entry.version,
                    .sealed_version = sealed.version,
                    .delivery_version = delivery.version};
}

asio::awaitable<Result<Written<Webhook>>> Webhooks::create(NewWebhook made, std::optional<kv::RequestId> request) {
    const Uuid id = ids_.make();
    Webhook webhook{.id = id,
                    .workspace = made.workspace,
                    .url = std::move(made.url),
                    .header_names = names_of(made.headers),
                    .selection = std::move(made.selection),
                    .delivery = {.workspace = made.workspace}};
    const auto kind = webhook.kind();
    webhook.delivery.kind = to_string(kind);
    if (!made.active) webhook.delivery.inactive_because = inactive_disabled;
    const auto written = [&webhook, kind](const kv::Committed& committed) {
        const Uuid noted = committed.replayed ? noted_id(committed) : webhook.id;
        return Written<Webhook>{.resource = to_webhook(webhook.workspace, kind, noted, main_record(committed),
                                                       std::move(webhook.delivery)),
                                .replayed = committed.replayed};
    };
    auto earlier = co_await records_.recall(request);  // before there are found to be too many by now
    if (!earlier) co_return earlier.error();
    if (*earlier) co_return written(**earlier);
    const WebhookSecrets secrets{
        .current = std::move(made.secret), .formers = {}, .headers = std::move(made.headers)};
    const auto sealed = print(SealedRecord{.text = vault_.seal(print(secrets), format_uuid(id))});
    const auto total_key = keys::webhooks_total(webhook.workspace, to_string(kind));
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto counted = co_await records_.counted(total_key);
        if (!counted) co_return counted.error();
        if (counted->total >= per_workspace_max(kind)) co_return too_many(kind);

        RecordCommit commit;
        commit.request(request, format_uuid(id));
        const auto workspace_is_there = commit.check_present(keys::workspace(webhook.workspace));
        commit.check_counted(total_key, counted->version);  // so that none is made beyond the limit meanwhile
        commit.put_main(record_key(webhook.workspace, kind, id), print_record(webhook));
        commit.put(keys::sealed(id), sealed);
        commit.put(keys::delivery(id), print(webhook.delivery));
        commit.count(total_key, 1);
        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) co_return written(*outcome);
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
        if (failed_check(outcome.error(), workspace_is_there) != nullptr) co_return workspace_not_found();
    }
    co_return changes_too_often("number of webhooks");
}

asio::awaitable<Result<Webhook>> Webhooks::get(Uuid workspace, WebhookKind kind, Uuid id) {
    auto found = co_await find(workspace, kind, id);
    if (!found) co_return found.error();
    co_return std::move(found->webhook);
}

asio::awaitable<Result<Listing<Webhook>>> Webhooks::list(Uuid workspace, WebhookKind kind, ListRequest request) {
    auto prefix = keys::webhooks(workspace, to_string(kind));
    auto total_key = keys::webhooks_total(workspace, to_string(kind));
    auto listed = co_await records_.list(std::move(prefix), std::move(total_key), std::move(request));
    if (!listed) co_return listed.error();
    std::vector<std::string> wanted;
    for (const auto& item : listed->items)
        wanted.push_back(keys::delivery(id_at_end(item.key)));
    auto deliveries = co_await records_.find_many(std::move(wanted));
    if (!deliveries) co_return deliveries.error();
    Listing<Webhook> listing{.total = listed->total, .next = std::move(listed->next)};
    for (std::size_t i = 0; i < listed->items.size(); ++i) {
        const auto& [key, entry] = listed->items[i];
        const auto& delivery = (*deliveries)[i];
        if (!delivery) continue;  // removed meanwhile
        listing.items.push_back(
            to_webhook(workspace, kind, id_at_end(key), entry, parse_record<DeliveryRecord>(delivery->value)));
    }
    co_return listing;
}

asio::awaitable<Result<Written<Webhook>>> Webhooks::update(Uuid workspace, WebhookKind kind, Uuid id,
                                                           WebhookChanges changes,
                                                           std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto found = co_await find(workspace, kind, id);
        if (!found) co_return found.error();
        auto& webhook = found->webhook;
        if (changes.url) webhook.url = *changes.url;
        if (changes.selection) webhook.selection = *changes.selection;
        if (changes.headers) webhook.header_names = names_of(*changes.headers);
        if (changes.headers) found->secrets.headers = *changes.headers;

        RecordCommit commit;
        commit.request(request);
        found->write(commit);
        if (changes.headers) found->write_secrets(commit, vault_);
        if (changes.active) {
            auto& delivery = webhook.delivery;
            delivery.inactive_because.reset();
            if (!*changes.active) delivery.inactive_because = inactive_disabled;
            delivery.failures = 0;
            delivery.retry_at_ms = 0;
            found->write_delivery(commit);
        }
        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) co_return std::move(*found).written(*outcome);
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
    }
    co_return changes_too_often("webhook");
}

asio::awaitable<Result<Written<Webhook>>> Webhooks::rotate_secret(Uuid workspace, WebhookKind kind, Uuid id,
                                                                  std::string secret,
                                                                  std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto found = co_await find(workspace, kind, id);
        if (!found) co_return found.error();
        replace_secret(found->secrets, secret, records_.store().now_ms());

        RecordCommit commit;
        commit.request(request);
        found->write(commit);
        found->write_secrets(commit, vault_);
        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) co_return std::move(*found).written(*outcome);
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
    }
    co_return changes_too_often("webhook");
}

asio::awaitable<Result<Written<Webhook>>> Webhooks::remove(Uuid workspace, WebhookKind kind, Uuid id,
                                                           std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto found = co_await find(workspace, kind, id);
        if (!found) co_return found.error();
        RecordCommit commit;
        commit.request(request, format_uuid(id));
        commit.frees_space();
        commit.check_version(record_key(workspace, kind, id), found->version);
        commit.take_away(record_key(workspace, kind, id));  // removed_record
        commit.take_away(keys::delivery(id));               // removed_delivery
        commit.erase(keys::sealed(id));
        commit.count(keys::webhooks_total(workspace, to_string(kind)), -1);
        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) {
            auto removed = removed_by(*outcome, id);
            if (!removed) co_return removed.error();
            co_return Written<Webhook>{.resource = std::move(*removed), .replayed = outcome->replayed};
        }
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
    }
    co_return changes_too_often("webhook");
}

asio::awaitable<Result<std::optional<Webhook>>> Webhooks::recall_removed(std::optional<kv::RequestId> request) {
    auto earlier = co_await records_.recall(std::move(request));
    if (!earlier) co_return earlier.error();
    if (!*earlier) co_return std::optional<Webhook>();
    auto removed = removed_by(**earlier, noted_id(**earlier));
    if (!removed) co_return removed.error();
    co_return std::optional(std::move(*removed));
}

asio::awaitable<Result<std::vector<Uuid>>> Webhooks::active_ids() {
    std::vector<Uuid> ids;
    auto collect = [&ids](std::string_view key, const kv::EntryView& entry) {
        if (!parse_record<DeliveryRecord>(entry.value).inactive_because) ids.push_back(id_at_end(key));
        return true;
    };
    auto prefix = std::string(keys::deliveries);
    auto walked = co_await records_.walk(std::move(prefix), kv::Values::include, collect);
    if (!walked) co_return walked.error();
    co_return ids;
}

asio::awaitable<Result<FollowedWebhook>> Webhooks::find(Uuid id) {
    auto key = keys::delivery(id);
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return webhook_not_found();
    const auto delivery = parse_record<DeliveryRecord>((*entry)->value);
    auto found = co_await find(delivery.workspace, kind_of(delivery), id);
    if (!found) co_return found.error();
    co_return FollowedWebhook{.webhook = std::move(found->webhook),
                              .secrets = std::move(found->secrets),
                              .delivery_version = found->delivery_version};
}

asio::awaitable<Result<std::optional<Version>>> Webhooks::save(Uuid id, Version version, DeliveryRecord delivery) {
    RecordCommit commit;
    commit.check_version(keys::delivery(id), version);
    commit.put(keys::delivery(id), print(delivery));
    auto outcome = co_await records_.commit(std::move(commit));
    if (outcome) co_return std::optional(outcome->version);
    if (outcome.error().code == kv::Errc::check_failed) co_return std::optional<Version>();
    co_return store_error(outcome.error());
}

}  // namespace alcove::scopes

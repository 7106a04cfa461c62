#include "scopes/connections.hpp"

#include <algorithm>
#include <utility>

#include "scopes/json.hpp"
#include "scopes/workspaces.hpp"

namespace alcove::scopes {
namespace {

std::optional<std::string> selector_key(const Uuid& workspace, const ConnectionRecord& record) {
    if (!record.external_id) return std::nullopt;
    return keys::connections_selected(workspace, *record.external_id) + record.integration_name;
}

std::vector<std::string> names_of(const std::optional<Credentials>& credentials) {
    return credentials ? credentials->names() : std::vector<std::string>();
}

// What an index of connections says: whose id, and of which integration.
std::string pointer(const Uuid& id, const ConnectionRecord& record) {
    return print(ConnectionPointer{.connection = id, .integration_name = record.integration_name});
}

// Every key that leads to the connection.
std::vector<std::string> index_keys(const Uuid& workspace, const Uuid& id, const ConnectionRecord& record) {
    const auto id_text = format_uuid(id);
    std::vector<std::string> keys{keys::connections_named(workspace, record.integration_name) + id_text};
    if (auto key = selector_key(workspace, record)) keys.push_back(*std::move(key));
    if (record.owner_external_id)
        keys.push_back(keys::connections_labelled(workspace, *record.owner_external_id) + id_text);
    if (record.end_user) keys.push_back(keys::connections_of(workspace, *record.end_user) + id_text);
    return keys;
}

void index_connection(RecordCommit& commit, const Uuid& workspace, const Uuid& id, const ConnectionRecord& record) {
    for (auto& key : index_keys(workspace, id, record))
        commit.put(std::move(key), pointer(id, record));
}

void unindex_connection(RecordCommit& commit, const Uuid& workspace, const Uuid& id,
                        const ConnectionRecord& record) {
    for (auto& key : index_keys(workspace, id, record))
        commit.erase(std::move(key));
}

// `created_ms` is nullopt for a connection that the commit itself makes.
EventRecord event_of(std::string type, const Uuid& id, const ConnectionRecord& record,
                     std::optional<TimeMs> created_ms) {
    return {.type = std::move(type),
            .connection = id,
            .external_id = record.owner_external_id,
            .record = print(record),
            .subject_created_ms = created_ms};
}

// The status to which a report of that type moves a connection.
std::optional<ConnectionStatus> reported_status(std::string_view type) {
    if (type == "connection.connected") return ConnectionStatus::connected;
    if (type == "connection.interaction_required") return ConnectionStatus::interaction_required;
    if (type == "connection.disconnected") return ConnectionStatus::disconnected;
    return std::nullopt;
}

// Whether only a change itself may tell it.
bool is_own_event(std::string_view type) {
    constexpr std::string_view own[] = {"connection.created", "connection.updated", "connection.terminated",
                                        "connection.deleted"};
    return type.starts_with("end_user.") || std::ranges::find(own, type) != std::end(own);
}

Error selector_taken() {
    return {.code = Errc::duplicate,
            .message = "another connection of the workspace and the integration has that external id",
            .field = "externalId"};
}

Error too_many_connections() {
    return {.code = Errc::too_many,
            .message = "an end user has at most " + std::to_string(connections_per_end_user_max) + " connections"};
}

}  // namespace

Error connection_not_found() {
    return {.code = Errc::connection_not_found, .message = "there is no such connection"};
}

Error connection_terminated() {
    return {.code = Errc::connection_terminated, .message = "the connection is terminated, which is for good"};
}

std::optional<Credentials> Credentials::parse(std::string_view json) {
    if (json.size() > credentials_bytes_max) return std::nullopt;
    const auto document = json::Document::parse(json, {.built_depth_max = 1});
    if (!document || document->root().count > credentials_members_max) return std::nullopt;
    Credentials credentials;
    credentials.json_ = json;
    for (const auto* member = document->first(document->root()); member; member = document->next(*member)) {
        if (member->name.size() > credential_name_bytes_max) return std::nullopt;
        credentials.names_.emplace_back(member->name);
    }
    return credentials;
}

Connection to_connection(const Uuid& workspace, const Uuid& id, const kv::Entry& entry) {
    auto record = parse_record<ConnectionRecord>(entry.value);
    return {.id = id,
            .workspace = workspace,
            .integration_name = std::move(record.integration_name),
            .external_id = std::move(record.external_id),
            .owner_external_id = std::move(record.owner_external_id),
            .display_name = std::move(record.display_name),
            .end_user = record.end_user,
            .end_user_external_id = {},
            .status = record.status,
            .auth_method = record.auth_method,
            .credential_names = std::move(record.credential_names),
            .created_ms = entry.created_ms,
            .updated_ms = entry.updated_ms};
}

void erase_connection(RecordCommit& commit, const Uuid& workspace, const Uuid& id, const ConnectionRecord& record,
                      TimeMs created_ms) {
    commit.erase(keys::connection(workspace, id));
    commit.erase(keys::id(id));
    commit.erase(keys::sealed(id));
    unindex_connection(commit, workspace, id, record);
    commit.count(keys::connections_total(workspace), -1);
    tell(commit, workspace, event_of("connection.deleted", id, record, created_ms));
}

asio::awaitable<Result<Written<Connection>>> Connections::create(NewConnection connection,
                                                                 std::optional<kv::RequestId> request) {
    const Uuid workspace = connection.workspace;
    const Uuid id = ids_.make();
    const Uuid new_end_user = ids_.make();
    auto earlier = co_await records_.recall(request);  // before the end user is found to have too many by now
    if (!earlier) co_return earlier.error();
    if (*earlier) {
        const Uuid made = noted_id(**earlier);
        auto written = co_await describe_written(workspace, made, std::move(**earlier));
        co_return written;
    }
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        ConnectionRecord record{.integration_name = connection.integration_name.text(),
                                .external_id = text_of(connection.external_id),
                                .owner_external_id = text_of(connection.owner_external_id),
                                .display_name = text_of(connection.display_name),
                                .end_user = {},
                                .status = first_status(connection.auth_method),
                                .auth_method = connection.auth_method,
                                .credential_names = names_of(connection.credentials)};
        std::optional<EndUser> owner;
        if (connection.end_user) {
            auto found = co_await end_users_.get_by_external_id(workspace, *connection.end_user);
            if (!found && found.error().code != Errc::end_user_not_found) co_return found.error();
            if (found && found->connections >= connections_per_end_user_max) co_return too_many_connections();
            if (found) owner = std::move(*found);
            record.end_user = owner ? owner->id : new_end_user;
        }

        RecordCommit commit;
        commit.request(request, format_uuid(id));
        const auto workspace_is_there = commit.check_present(keys::workspace(workspace));
        std::optional<std::size_t> selector_is_free;
        if (auto key = selector_key(workspace, record)) selector_is_free = commit.check_absent(*std::move(key));
        commit.put_main(keys::connection(workspace, id), print(record));
        commit.put(keys::id(id), print(IdRecord{.workspace = workspace, .kind = "connection"}));
        index_connection(commit, workspace, id, record);
        commit.count(keys::connections_total(workspace), 1);
        if (connection.credentials) seal(commit, id, *connection.credentials);
        if (owner) {
            commit.check_present(keys::end_user(workspace, owner->id));
        } else if (connection.end_user) {
            EndUserRecord made;
            made.external_id = connection.end_user->text();
            index_end_user(commit, workspace, new_end_user, made);
            commit.put(keys::end_user(workspace, new_end_user), print(made));
        }
        if (record.end_user) commit.count(keys::connections_total_of(workspace, *record.end_user), 1);
        tell(commit, workspace, event_of("connection.created", id, record, std::nullopt));

        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) {
            const Uuid made = outcome->replayed ? noted_id(*outcome) : id;
            auto written = co_await describe_written(workspace, made, std::move(*outcome));
            co_return written;
        }
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
        if (failed_check(outcome.error(), workspace_is_there) != nullptr) co_return workspace_not_found();
        if (selector_is_free && failed_check(outcome.error(), *selector_is_free) != nullptr) {
            co_return selector_taken();
        }
        // Else the end user came or went meanwhile.
    }
    co_return changes_too_often("end user");
}

asio::awaitable<Result<FoundConnection>> Connections::find(Uuid id) {
    auto id_key = keys::id(id);
    auto id_entry = co_await records_.find(std::move(id_key));
    if (!id_entry) co_return id_entry.error();
    if (!*id_entry) co_return connection_not_found();
    const auto place = parse_record<IdRecord>((*id_entry)->value);
    if (place.kind != "connection") co_return connection_not_found();

    std::vector<std::string> wanted{keys::workspace(place.workspace), keys::connection(place.workspace, id)};
    auto entries = co_await records_.find_many(std::move(wanted));
    if (!entries) co_return entries.error();
    auto& entry = (*entries)[1];
    if (!(*entries)[0] || !entry) co_return connection_not_found();
    auto record = parse_record<ConnectionRecord>(entry->value);
    co_return FoundConnection{
        .workspace = place.workspace, .entry = std::move(*entry), .record = std::move(record)};
}

asio::awaitable<Result<Connection>> Connections::get(Uuid id) {
    auto found = co_await find(id);
    if (!found) co_return found.error();
    auto connection = co_await describe(found->workspace, id, std::move(found->entry));
    co_return connection;
}

// Adds the external id that the connection's end user has now.
asio::awaitable<Result<Connection>> Connections::describe(Uuid workspace, Uuid id, kv::Entry entry) {
    auto connection = to_connection(workspace, id, entry);
    if (connection.end_user) {
        std::vector<Uuid> owners{*connection.end_user};
        auto external_ids = co_await end_users_.external_ids(workspace, std::move(owners));
        if (!external_ids) co_return external_ids.error();
        connection.end_user_external_id = std::move(external_ids->front());
    }
    co_return connection;
}

asio::awaitable<Result<Written<Connection>>> Connections::describe_written(Uuid workspace, Uuid id,
                                                                           kv::Committed committed) {
    auto connection = co_await describe(workspace, id, main_record(committed));
    if (!connection) co_return connection.error();
    co_return Written<Connection>{.resource = std::move(*connection), .replayed = committed.replayed};
}

asio::awaitable<Result<Connection>> Connections::get_selected(Uuid workspace, std::string integration_name,
                                                              std::string external_id) {
    auto key = keys::connections_selected(workspace, external_id) + integration_name;
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return connection_not_found();
    auto connection = co_await get(parse_record<ConnectionPointer>((*entry)->value).connection);
    co_return connection;
}

asio::awaitable<Result<Connection>> Connections::get_of(Uuid workspace, Uuid end_user,
                                                        std::string integration_name) {
    ConnectionFilter filter{.integration_name = std::move(integration_name), .end_user = end_user};
    filter.statuses = {ConnectionStatus::connecting, ConnectionStatus::interaction_required,
                       ConnectionStatus::connected, ConnectionStatus::disconnected};
    ListRequest oldest{.limit = 1, .total = Total::skip};
    auto listing = co_await list(workspace, std::move(filter), std::move(oldest));
    if (!listing) co_return listing.error();
    if (listing->items.empty()) co_return connection_not_found();
    co_return std::move(listing->items.front());
}

asio::awaitable<Result<kv::Committed>> Connections::edit(Uuid id, Editor editor,
                                                         std::optional<kv::RequestId> request) {
    // What was done once is answered again also when the connection would no longer allow it.
    auto earlier = co_await records_.recall(request);
    if (!earlier) co_return earlier.error();
    if (*earlier) co_return std::move(**earlier);
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto found = co_await find(id);
        if (!found) co_return found.error();
        const Uuid workspace = found->workspace;
        const auto& former = found->record;
        auto edited = editor(former);
        if (!edited) co_return edited.error();

        RecordCommit commit;
        commit.request(request, format_uuid(id));
        commit.check_present(keys::workspace(workspace));
        commit.check_version(keys::connection(workspace, id), found->entry.version);
        std::optional<std::size_t> selector_is_free;
        if (edited->record) {
            const auto& record = *edited->record;
            commit.put_main(keys::connection(workspace, id), print(record));
            auto selector = selector_key(workspace, record);
            if (selector && selector != selector_key(workspace, former))
                selector_is_free = commit.check_absent(*std::move(selector));
            unindex_connection(commit, workspace, id, former);
            index_connection(commit, workspace, id, record);
        }
        if (edited->credentials && *edited->credentials) seal(commit, id, **edited->credentials);
        if (edited->credentials && !*edited->credentials) commit.erase(keys::sealed(id));
        auto event = event_of(edited->event_type, id, edited->record.value_or(former), found->entry.created_ms);
        if (!edited->moves()) event.record.reset();
        event.data_json = std::move(edited->event_data_json);
        tell(commit, workspace, event);

        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) co_return std::move(*outcome);
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
        if (selector_is_free && failed_check(outcome.error(), *selector_is_free) != nullptr) {
            co_return selector_taken();
        }
    }
    co_return changes_too_often("connection");
}

asio::awaitable<Result<Written<Connection>>> Connections::edit_and_describe(Uuid id, Editor editor,
                                                                            std::optional<kv::RequestId> request) {
    auto edited = co_await edit(id, std::move(editor), std::move(request));
    if (!edited) co_return edited.error();
    auto found = co_await find(id);
    if (!found) co_return found.error();
    auto written = co_await describe_written(found->workspace, id, std::move(*edited));
    co_return written;
}

asio::awaitable<Result<Written<Connection>>> Connections::update(Uuid id, ConnectionChanges changes,
                                                                 std::optional<kv::RequestId> request) {
    auto editor = [changes = std::move(changes)](const ConnectionRecord& former) -> Result<Edit> {
        if (former.status == ConnectionStatus::terminated) return connection_terminated();
        Edit edit{.record = former, .credentials = changes.credentials, .event_type = "connection.updated"};
        auto& record = *edit.record;
        if (changes.external_id) record.external_id = text_of(*changes.external_id);
        if (changes.owner_external_id) record.owner_external_id = text_of(*changes.owner_external_id);
        if (changes.display_name) record.display_name = text_of(*changes.display_name);
        if (changes.integration_name) record.integration_name = changes.integration_name->text();
        if (changes.auth_method) record.auth_method = *changes.auth_method;
        if (changes.auth_method == AuthMethod::none && !edit.credentials) edit.credentials.emplace();
        if (edit.credentials) record.credential_names = names_of(*edit.credentials);
        if (changes.auth_method || edit.credentials) record.status = first_status(record.auth_method);
        return edit;
    };
    auto updated = co_await edit_and_describe(id, std::move(editor), std::move(request));
    co_return updated;
}

asio::awaitable<Result<Written<Connection>>> Connections::terminate(Uuid id, std::optional<kv::RequestId> request) {
    auto editor = [](const ConnectionRecord& former) -> Result<Edit> {
        if (former.status == ConnectionStatus::terminated) return connection_terminated();
        Edit edit{.record = former, .credentials = {}, .event_type = "connection.terminated"};
        edit.credentials.emplace();
        edit.record->status = ConnectionStatus::terminated;
        edit.record->external_id.reset();
        edit.record->credential_names.clear();
        return edit;
    };
    auto terminated = co_await edit_and_describe(id, std::move(editor), std::move(request));
    if (terminated || terminated.error().code != Errc::connection_terminated) co_return terminated;
    auto connection = co_await get(id);
    if (!connection) co_return connection.error();
    co_return Written<Connection>{.resource = std::move(*connection)};
}

Connections::Editor Connections::reporting(ConnectionReport report) {
    return [report = std::move(report)](const ConnectionRecord& former) -> Result<Edit> {
        const auto& type = report.type.text();
        Edit edit{.record = {}, .credentials = {}, .event_type = type, .event_data_json = report.data_json};
        const auto status = reported_status(type);
        if (!status) return edit;
        if (former.status == ConnectionStatus::terminated) return connection_terminated();
        edit.record = former;
        edit.record->status = *status;
        return edit;
    };
}

asio::awaitable<Result<Written<Event>>> Connections::report(Uuid id, ConnectionReport report,
                                                            std::optional<kv::RequestId> request) {
    const auto& type = report.type.text();
    if (is_own_event(type)) co_return invalid_error("type", "'" + type + "' is told by the change itself alone");
    auto editor = reporting(std::move(report));
    auto edited = co_await edit(id, std::move(editor), std::move(request));
    if (!edited) co_return edited.error();
    auto found = co_await find(id);
    if (!found) co_return found.error();
    auto event = co_await events_.get(found->workspace, print(Place{.version = edited->version}));
    if (!event) co_return event.error();
    co_return Written<Event>{.resource = std::move(*event), .replayed = edited->replayed};
}

asio::awaitable<Result<Written<Connection>>> Connections::disconnect(Uuid id,
                                                                     std::optional<kv::RequestId> request) {
    auto editor = reporting({.type = *EventType::parse("connection.disconnected")});
    auto disconnected = co_await edit_and_describe(id, std::move(editor), std::move(request));
    co_return disconnected;
}

void Connections::seal(RecordCommit& commit, const Uuid& id, const Credentials& credentials) const {
    commit.put(keys::sealed(id), print(SealedRecord{.text = vault_.seal(credentials.json(), format_uuid(id))}));
}

asio::awaitable<Result<void>> Connections::remove(Uuid id, std::optional<kv::RequestId> request) {
    for (int attempt = 0; attempt < attempts_max; ++attempt) {
        auto found = co_await find(id);
        if (!found) co_return found.error();
        const Uuid workspace = found->workspace;
        const auto& record = found->record;
        RecordCommit commit;
        commit.request(request, format_uuid(id));
        commit.frees_space();
        commit.check_version(keys::connection(workspace, id), found->entry.version);
        erase_connection(commit, workspace, id, record, found->entry.created_ms);
        if (record.end_user) commit.count(keys::connections_total_of(workspace, *record.end_user), -1);
        auto outcome = co_await records_.commit(std::move(commit));
        if (outcome) co_return Result<void>();
        if (outcome.error().code != kv::Errc::check_failed) co_return store_error(outcome.error());
    }
    co_return changes_too_often("connection");
}

asio::awaitable<Result<std::optional<std::string>>> Connections::credentials(Uuid id) {
    auto key = keys::sealed(id);
    auto entry = co_await records_.find(std::move(key));
    if (!entry) co_return entry.error();
    if (!*entry) co_return std::optional<std::string>();
    auto opened = vault_.open(parse_record<SealedRecord>((*entry)->value).text, format_uuid(id));
    if (!opened) throw kv::StoreFailure("a connection's credentials do not open with this master key");
    co_return opened;
}

}  // namespace alcove::scopes

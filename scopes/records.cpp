#include "scopes/records.hpp"

#include <utility>

#include "scopes/record_text.hpp"

namespace alcove::scopes {

std::string print(const SlugRecord& record) {
    return RecordPrinter().string("workspace", format_uuid(record.workspace)).done();
}

std::string print(const WorkspaceRecord& record) {
    return RecordPrinter().string("name", record.name).string("slug", record.slug).done();
}

std::string print(const IdRecord& record) {
    return RecordPrinter().string("workspace", format_uuid(record.workspace)).string("kind", record.kind).done();
}

std::string print(const EndUserRecord& record) {
    return RecordPrinter()
        .string("externalId", record.external_id)
        .strings("deprecatedExternalIds", record.deprecated_external_ids)
        .optional_string("displayName", record.display_name)
        .optional_string("email", record.email)
        .raw("metadata", record.metadata_json)
        .done();
}

std::string print(const ExternalIdRecord& record) {
    const bool primary = record.standing == ExternalIdRecord::Standing::primary;
    return RecordPrinter()
        .string("endUser", format_uuid(record.end_user))
        .string("standing", primary ? "primary" : "deprecated")
        .done();
}

std::string print(const ConnectionRecord& record) {
    return RecordPrinter()
        .string("integrationName", record.integration_name)
        .optional_string("externalId", record.external_id)
        .optional_string("ownerExternalId", record.owner_external_id)
        .optional_string("displayName", record.display_name)
        .optional_uuid("endUser", record.end_user)
        .string("status", to_string(record.status))
        .string("authMethod", to_string(record.auth_method))
        .strings("credentialNames", record.credential_names)
        .done();
}

std::string print(const ConnectionPointer& record) {
    return RecordPrinter()
        .string("connection", format_uuid(record.connection))
        .string("integrationName", record.integration_name)
        .done();
}

std::string print(const EventRecord& record) {
    return RecordPrinter()
        .string("type", record.type)
        .optional_uuid("connection", record.connection)
        .optional_uuid("endUser", record.end_user)
        .optional_string("externalId", record.external_id)
        .optional_string("otherExternalId", record.other_external_id)
        .raw("record", record.record.value_or("null"))
        .optional_number("subjectCreatedMs", record.subject_created_ms)
        .raw("data", record.data_json)
        .done();
}

std::string print(const SealedRecord& record) {
    return RecordPrinter().string("text", record.text).done();
}

std::string print(const IntegrationRecord& record) {
    return RecordPrinter()
        .string("integrationName", record.integration_name)
        .string("alias", record.alias)
        .optional_string("displayName", record.display_name)
        .string("connectionStrategy", to_string(record.strategy))
        .optional_uuid("connection", record.connection)
        .optional_strings("enabledActions", record.enabled_actions)
        .string("persistenceScope", to_string(record.persistence.scope))
        .optional_string("persistenceExternalId", record.persistence.external_id)
        .number("sortOrder", record.sort_order)
        .done();
}

std::string print(const AliasRecord& record) {
    return RecordPrinter().string("integration", format_uuid(record.integration)).done();
}

std::string print(const TokenRecord& record) {
    return RecordPrinter()
        .string("id", format_uuid(record.id))
        .string("kind", record.kind)
        .string("name", record.name)
        .strings("permissions", record.permissions)
        .optional_uuids("workspaces", record.workspaces)
        .optional_uuid("endUser", record.end_user)
        .optional_string("integrationName", record.integration_name)
        .done();
}

std::string print(const IssuedToken& record) {
    return RecordPrinter().string("sha256", record.sha256).raw("token", print(record.token)).done();
}

std::string print(const RootKeyRecord& record) {
    return RecordPrinter().string("sha256", record.sha256).done();
}

std::string print(const DropJob& record) {
    return RecordPrinter()
        .string("workspace", format_uuid(record.workspace))
        .optional_uuid("endUser", record.end_user)
        .done();
}

template <>
SlugRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.workspace = reader.uuid("workspace")};
}

template <>
WorkspaceRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.name = reader.string("name"), .slug = reader.string("slug")};
}

template <>
IdRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.workspace = reader.uuid("workspace"), .kind = reader.string("kind")};
}

template <>
EndUserRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.external_id = reader.string("externalId"),
            .deprecated_external_ids = reader.strings("deprecatedExternalIds"),
            .display_name = reader.optional_string("displayName"),
            .email = reader.optional_string("email"),
            .metadata_json = reader.raw("metadata")};
}

template <>
ExternalIdRecord parse_record(std::string_view json) {
    using Standing = ExternalIdRecord::Standing;
    const RecordReader reader(json);
    const bool primary = reader.string("standing") == "primary";
    return {.end_user = reader.uuid("endUser"), .standing = primary ? Standing::primary : Standing::deprecated};
}

template <>
ConnectionRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    const auto status = parse_connection_status(reader.string("status"));
    const auto auth_method = parse_auth_method(reader.string("authMethod"));
    if (!status || !auth_method) throw kv::StoreFailure("a connection's record is damaged");
    return {.integration_name = reader.string("integrationName"),
            .external_id = reader.optional_string("externalId"),
            .owner_external_id = reader.optional_string("ownerExternalId"),
            .display_name = reader.optional_string("displayName"),
            .end_user = reader.optional_uuid("endUser"),
            .status = *status,
            .auth_method = *auth_method,
            .credential_names = reader.strings("credentialNames")};
}

template <>
ConnectionPointer parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.connection = reader.uuid("connection"), .integration_name = reader.string("integrationName")};
}

template <>
EventRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.type = reader.string("type"),
            .connection = reader.optional_uuid("connection"),
            .end_user = reader.optional_uuid("endUser"),
            .external_id = reader.optional_string("externalId"),
            .other_external_id = reader.optional_string("otherExternalId"),
            .record = reader.optional_raw("record"),
            .subject_created_ms = reader.optional_number("subjectCreatedMs"),
            .data_json = reader.raw("data")};
}

template <>
SealedRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.text = reader.string("text")};
}

template <>
IntegrationRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    IntegrationRecord record{.integration_name = reader.string("integrationName"),
                             .alias = reader.string("alias"),
                             .display_name = reader.optional_string("displayName"),
                             .connection = reader.optional_uuid("connection"),
                             .enabled_actions = reader.optional_strings("enabledActions"),
                             .sort_order = reader.number("sortOrder")};
    const auto strategy = parse_connection_strategy(reader.string("connectionStrategy"));
    const auto scope = parse_persistence_scope(reader.string("persistenceScope"));
    if (!strategy || !scope) throw kv::StoreFailure("a workspace integration's record is damaged");
    record.strategy = *strategy;
    record.persistence = {.scope = *scope, .external_id = reader.optional_string("persistenceExternalId")};
    return record;
}

template <>
AliasRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.integration = reader.uuid("integration")};
}

template <>
TokenRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.id = reader.uuid("id"),
            .kind = reader.string("kind"),
            .name = reader.string("name"),
            .permissions = reader.strings("permissions"),
            .workspaces = reader.optional_uuids("workspaces"),
            .end_user = reader.optional_uuid("endUser"),
            .integration_name = reader.optional_string("integrationName")};
}

template <>
IssuedToken parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.sha256 = reader.string("sha256"), .token = parse_record<TokenRecord>(reader.raw("token"))};
}

template <>
RootKeyRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.sha256 = reader.string("sha256")};
}

template <>
DropJob parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.workspace = reader.uuid("workspace"), .end_user = reader.optional_uuid("endUser")};
}

}  // namespace alcove::scopes

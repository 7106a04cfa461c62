#include "server/deck/events.hpp"

#include "server/api/resources.hpp"
#include "server/deck/surface.hpp"

namespace alcove::deck {
namespace {

namespace json = scopes::json;

void print_connection(json::Writer& writer, const scopes::Event& event, const scopes::ConnectionRecord& record) {
    writer.member("id", print_id("conn_", *event.record.connection)).member("object", "connection");
    writer.member("status", to_string(record.status)).optional_member("external_id", event.record.external_id);
    writer.member("source_id", record.integration_name).member("auth_method", to_string(record.auth_method));
    api::print_time(writer, "created_at", event.record.subject_created_ms.value_or(event.created_ms));
    api::print_time(writer, "updated_at", event.created_ms);
}

void print_end_user(json::Writer& writer, const scopes::Event& event, const scopes::EndUserRecord& record) {
    writer.member("id", scopes::format_uuid(*event.record.end_user)).member("object", "end_user");
    writer.member("external_id", record.external_id).name("deprecated_external_ids").open_array();
    for (const auto& former : record.deprecated_external_ids)
        writer.string(former);
    writer.close_array();
}

}  // namespace

std::string event_id(const scopes::Event& event) {
    return "evt_" + event.place;
}

void print(json::Writer& writer, const scopes::Event& event) {
    writer.open_object().member("id", event_id(event)).member("object", "event").member("type", event.record.type);
    writer.name("data").open_object();
    if (event.record.record && event.record.connection) {
        print_connection(writer, event, scopes::parse_record<scopes::ConnectionRecord>(*event.record.record));
    } else if (event.record.record) {
        print_end_user(writer, event, scopes::parse_record<scopes::EndUserRecord>(*event.record.record));
    }
    writer.close_object();
    api::print_time(writer, "created_at", event.created_ms);
    writer.close_object();
}

}  // namespace alcove::deck

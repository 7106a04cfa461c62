#include "server/api/resources.hpp"

#include <utility>

#include "server/api/idempotency.hpp"
#include "server/http/date.hpp"

namespace alcove::api {

std::optional<scopes::Label> to_label(ObjectReader& in, std::string_view name, std::string_view text) {
    auto label = scopes::Label::parse(text);
    if (!label) {
        in.refuse(name,
                  "'" + in.field(name) + "' must have at most 255 characters, none of them a control character");
    }
    return label;
}

std::optional<std::optional<scopes::Label>> read_label(ObjectReader& in, std::string_view name) {
    const auto text = in.nullable_string(name);
    if (!text) return std::nullopt;
    if (!*text) return std::optional<scopes::Label>();
    return to_label(in, name, **text);
}

std::optional<std::optional<scopes::Email>> read_email(ObjectReader& in, std::string_view name) {
    const auto text = in.nullable_string(name);
    if (!text) return std::nullopt;
    if (!*text) return std::optional<scopes::Email>();
    auto email = scopes::Email::parse(**text);
    if (!email) in.refuse(name, "'" + in.field(name) + "' must be an e-mail address or null");
    return email;
}

std::optional<scopes::Metadata> read_metadata(ObjectReader& in, std::string_view name) {
    const auto* object = in.object(name);
    if (object == nullptr) return std::nullopt;
    auto metadata = scopes::Metadata::parse(object->raw);
    if (!metadata) {
        in.refuse(name, "'" + in.field(name) + "' must have at most " + std::to_string(scopes::metadata_bytes_max) +
                            " bytes of JSON text");
    }
    return metadata;
}

std::optional<scopes::ExternalId> to_external_id(ObjectReader& in, std::string_view name, std::string_view text) {
    auto external_id = scopes::ExternalId::parse(text);
    if (!external_id) {
        in.refuse(name, "'" + in.field(name) + "' must have 1 to 255 characters, none of them a control character");
    }
    return external_id;
}

std::optional<std::optional<scopes::ExternalId>> read_external_id(ObjectReader& in, std::string_view name) {
    const auto text = in.nullable_string(name);
    if (!text) return std::nullopt;
    if (!*text) return std::optional<scopes::ExternalId>();
    return to_external_id(in, name, **text);
}

std::optional<scopes::IntegrationName> to_integration_name(ObjectReader& in, std::string_view name,
                                                           std::string_view text) {
    auto integration_name = scopes::IntegrationName::parse(text);
    if (!integration_name) {
        in.refuse(name, "'" + in.field(name) + "' must match ^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$");
    }
    return integration_name;
}

std::optional<std::optional<scopes::Credentials>> read_credentials(ObjectReader& in, std::string_view name) {
    const auto* value = in.any(name);
    if (value == nullptr) return std::nullopt;
    if (value->type == json::Type::null) return std::optional<scopes::Credentials>();
    if (value->type != json::Type::object) {
        in.refuse(name, "'" + in.field(name) + "' must be an object or null");
        return std::nullopt;
    }
    auto credentials = scopes::Credentials::parse(value->raw);
    if (!credentials) {
        in.refuse(name, "'" + in.field(name) + "' must have at most " +
                            std::to_string(scopes::credentials_bytes_max) + " bytes of JSON text and " +
                            std::to_string(scopes::credentials_members_max) +
                            " members, whose names have at most " +
                            std::to_string(scopes::credential_name_bytes_max) + " bytes");
    }
    return credentials;
}

std::optional<std::optional<scopes::Uuid>> read_uuid(ObjectReader& in, std::string_view name) {
    const auto text = in.nullable_string(name);
    if (!text) return std::nullopt;
    if (!*text) return std::optional<scopes::Uuid>();
    const auto id = scopes::parse_uuid(**text);
    if (!id) in.refuse(name, "'" + in.field(name) + "' must be a UUID or null");
    return id;
}

void print_id(json::Writer& writer, std::string_view name, const std::optional<scopes::Uuid>& id) {
    writer.name(name);
    id ? writer.plain_string(scopes::format_uuid(*id)) : writer.null();
}

Problem no_updates() {
    return Problem(400, "NO_UPDATES", "the body names nothing to change");
}

void print_time(json::Writer& writer, std::string_view name, kv::TimeMs time_ms) {
    // The times of a list are often alike: what was written together was written at one time.
    thread_local kv::TimeMs last_ms = -1;
    thread_local auto text = http::format_iso_time(last_ms);
    if (time_ms != last_ms) {
        text = http::format_iso_time(time_ms);
        last_ms = time_ms;
    }
    writer.name(name).plain_string(http::view(text));
}

void print_list_end(json::Writer& writer, std::uint64_t total, CursorScope scope, std::string_view next) {
    writer.close_array().name("total").number(total).name("cursor");
    next.empty() ? writer.null() : writer.string(print_cursor(scope, next));
    writer.close_object();
}

asio::awaitable<std::optional<BegunDeletion>> begin_deletion(Call& call) {
    std::optional<BegunDeletion> begun;
    auto request_id = take_request_id(call, {});
    if (!request_id) {
        call.fail(request_id.error());
        co_return begun;
    }
    auto earlier = co_await call.services.identity.records.recall(*request_id);
    if (!earlier) {
        call.fail(to_problem(earlier.error()));
    } else if (*earlier) {
        set_replayed(call.response, true);
        answer_deleted(call, scopes::noted_id(**earlier));
    } else {
        begun.emplace(BegunDeletion{.request_id = std::move(*request_id)});
    }
    co_return begun;
}

void answer_deleted(Call& call, const scopes::Uuid& id) {
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("deleted").boolean(true).member("id", scopes::format_uuid(id)).close_object();
}

}  // namespace alcove::api

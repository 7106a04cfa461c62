#include "server/api/resources.hpp"

#include <utility>

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

void answer_deleted(Call& call, const scopes::Uuid& id) {
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object().name("deleted").boolean(true).member("id", scopes::format_uuid(id)).close_object();
}

}  // namespace alcove::api

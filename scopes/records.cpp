#include "scopes/records.hpp"

#include <utility>

#include "kv/error.hpp"
#include "scopes/json.hpp"
#include "scopes/json_writer.hpp"
#include "scopes/secret.hpp"

namespace alcove::scopes {

namespace keys {

std::string slug(std::string_view slug) {
    return "slug/" + std::string(slug);
}
std::string workspace(const Uuid& id) {
    return workspace(format_uuid(id));
}
std::string workspace(std::string_view id) {
    return std::string(workspaces) + std::string(id);
}
std::string id(const Uuid& id) {
    return "id/" + format_uuid(id);
}
std::string token(std::string_view sha256) {
    return std::string(tokens) + std::string(sha256);
}
std::string drop_job(const Uuid& id) {
    return std::string(drop_jobs) + format_uuid(id);
}
std::string owned(const Uuid& workspace) {
    return format_uuid(workspace) + "/";
}
std::string end_users(const Uuid& workspace) {
    return owned(workspace) + "end_user/";
}
std::string end_users_total(const Uuid& workspace) {
    return owned(workspace) + "total/end_user";
}

std::string end_user(const Uuid& workspace, const Uuid& id) {
    return end_users(workspace) + format_uuid(id);
}

std::string end_user_external_id(const Uuid& workspace, std::string_view external_id) {
    return owned(workspace) + "end_user_external_id/" + sha256_hex(external_id);
}

}  // namespace keys

namespace {

// Prints one flat object.
class Printer {
public:
    Printer() { writer_.open_object(); }

    Printer& string(std::string_view name, std::string_view value) {
        writer_.member(name, value);
        return *this;
    }
    Printer& optional_string(std::string_view name, const std::optional<std::string>& value) {
        writer_.optional_member(name, value);
        return *this;
    }
    Printer& strings(std::string_view name, const std::vector<std::string>& values) {
        writer_.name(name).open_array();
        for (const auto& value : values)
            writer_.string(value);
        writer_.close_array();
        return *this;
    }
    Printer& raw(std::string_view name, std::string_view json) {
        writer_.name(name).raw(json);
        return *this;
    }
    Printer& null(std::string_view name) { return raw(name, "null"); }
    std::string done() {
        writer_.close_object();
        return std::move(text_);
    }

private:
    std::string text_;
    json::Writer writer_{text_};
};

// Reads one flat object; whatever does not fit is damage.
class Reader {
public:
    explicit Reader(std::string_view text) : document_(parse(text)) {}

    std::string string(std::string_view name) const { return text(member(name), name); }
    std::optional<std::string> optional_string(std::string_view name) const {
        const auto& value = member(name);
        if (value.type == json::Type::null) return std::nullopt;
        return text(value, name);
    }
    std::string raw(std::string_view name) const { return std::string(member(name).raw); }
    Uuid uuid(std::string_view name) const { return uuid(member(name), name); }
    std::optional<Uuid> optional_uuid(std::string_view name) const {
        const auto& value = member(name);
        if (value.type == json::Type::null) return std::nullopt;
        return uuid(value, name);
    }
    std::vector<std::string> strings(std::string_view name) const {
        std::vector<std::string> texts;
        for (const auto* value : elements(name))
            texts.push_back(text(*value, name));
        return texts;
    }
    std::optional<std::vector<Uuid>> optional_uuids(std::string_view name) const {
        if (member(name).type == json::Type::null) return std::nullopt;
        std::vector<Uuid> ids;
        for (const auto* value : elements(name))
            ids.push_back(uuid(*value, name));
        return ids;
    }

private:
    [[noreturn]] static void damaged(std::string_view why, std::string_view name) {
        throw kv::StoreFailure("a record of the system namespace " + std::string(why) + " " + std::string(name));
    }
    static json::Document parse(std::string_view text) {
        auto document = json::Document::parse(text);
        if (!document || document->root().type != json::Type::object) damaged("is not", "a JSON object");
        return std::move(*document);
    }
    static std::string text(const json::Value& value, std::string_view name) {
        if (value.type != json::Type::string) damaged("has no text in", name);
        return std::string(value.text);
    }
    static Uuid uuid(const json::Value& value, std::string_view name) {
        const auto id = parse_uuid(text(value, name));
        if (!id) damaged("has no UUID in", name);
        return *id;
    }
    const json::Value& member(std::string_view name) const {
        const auto* found = document_.member(document_.root(), name);
        if (found == nullptr) damaged("lacks", name);
        return *found;
    }
    std::vector<const json::Value*> elements(std::string_view name) const {
        const auto& list = member(name);
        if (list.type != json::Type::array) damaged("has no list in", name);
        std::vector<const json::Value*> values;
        for (const auto* value = document_.first(list); value != nullptr; value = document_.next(*value)) {
            values.push_back(value);
        }
        return values;
    }

    json::Document document_;
};

}  // namespace

std::string print(const SlugRecord& record) {
    return Printer().string("workspace", format_uuid(record.workspace)).done();
}

std::string print(const WorkspaceRecord& record) {
    return Printer().string("name", record.name).string("slug", record.slug).done();
}

std::string print(const IdRecord& record) {
    return Printer().string("workspace", format_uuid(record.workspace)).string("kind", record.kind).done();
}

std::string print(const EndUserRecord& record) {
    return Printer()
        .string("externalId", record.external_id)
        .strings("deprecatedExternalIds", record.deprecated_external_ids)
        .optional_string("displayName", record.display_name)
        .optional_string("email", record.email)
        .raw("metadata", record.metadata_json)
        .done();
}

std::string print(const ExternalIdRecord& record) {
    const bool primary = record.standing == ExternalIdRecord::Standing::primary;
    return Printer()
        .string("endUser", format_uuid(record.end_user))
        .string("standing", primary ? "primary" : "deprecated")
        .done();
}

std::string print(const TokenRecord& record) {
    Printer printer;
    printer.string("id", format_uuid(record.id)).string("kind", record.kind).string("name", record.name);
    printer.strings("permissions", record.permissions);
    if (!record.workspaces) return printer.null("workspaces").done();
    std::vector<std::string> ids;
    for (const auto& id : *record.workspaces)
        ids.push_back(format_uuid(id));
    return printer.strings("workspaces", ids).done();
}

std::string print(const RootKeyRecord& record) {
    return Printer().string("sha256", record.sha256).done();
}

std::string print(const DropJob& record) {
    Printer printer;
    printer.string("workspace", format_uuid(record.workspace));
    if (!record.end_user) return printer.null("endUser").done();
    return printer.string("endUser", format_uuid(*record.end_user)).done();
}

template <>
SlugRecord parse_record(std::string_view json) {
    const Reader reader(json);
    return {.workspace = reader.uuid("workspace")};
}

template <>
WorkspaceRecord parse_record(std::string_view json) {
    const Reader reader(json);
    return {.name = reader.string("name"), .slug = reader.string("slug")};
}

template <>
IdRecord parse_record(std::string_view json) {
    const Reader reader(json);
    return {.workspace = reader.uuid("workspace"), .kind = reader.string("kind")};
}

template <>
EndUserRecord parse_record(std::string_view json) {
    const Reader reader(json);
    return {.external_id = reader.string("externalId"),
            .deprecated_external_ids = reader.strings("deprecatedExternalIds"),
            .display_name = reader.optional_string("displayName"),
            .email = reader.optional_string("email"),
            .metadata_json = reader.raw("metadata")};
}

template <>
ExternalIdRecord parse_record(std::string_view json) {
    using Standing = ExternalIdRecord::Standing;
    const Reader reader(json);
    const bool primary = reader.string("standing") == "primary";
    return {.end_user = reader.uuid("endUser"), .standing = primary ? Standing::primary : Standing::deprecated};
}

template <>
TokenRecord parse_record(std::string_view json) {
    const Reader reader(json);
    return {.id = reader.uuid("id"),
            .kind = reader.string("kind"),
            .name = reader.string("name"),
            .permissions = reader.strings("permissions"),
            .workspaces = reader.optional_uuids("workspaces")};
}

template <>
RootKeyRecord parse_record(std::string_view json) {
    const Reader reader(json);
    return {.sha256 = reader.string("sha256")};
}

template <>
DropJob parse_record(std::string_view json) {
    const Reader reader(json);
    return {.workspace = reader.uuid("workspace"), .end_user = reader.optional_uuid("endUser")};
}

}  // namespace alcove::scopes

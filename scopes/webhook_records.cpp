#include "scopes/webhook_records.hpp"

#include <charconv>

#include "scopes/record_text.hpp"
#include "scopes/secret.hpp"

namespace alcove::scopes {
namespace {

// Names and values by turns.
std::vector<std::string> flat(const WebhookHeaders& headers) {
    std::vector<std::string> texts;
    for (const auto& [name, value] : headers) {
        texts.push_back(name);
        texts.push_back(value);
    }
    return texts;
}

WebhookHeaders unflat(std::vector<std::string> texts) {
    WebhookHeaders headers;
    for (std::size_t i = 0; i + 1 < texts.size(); i += 2)
        headers.emplace_back(std::move(texts[i]), std::move(texts[i + 1]));
    return headers;
}

[[noreturn]] void damaged() {
    throw kv::StoreFailure("a webhook's record is damaged");
}

// Texts and ends by turns.
std::vector<std::string> flat(const std::vector<FormerSecret>& formers) {
    std::vector<std::string> texts;
    for (const auto& [text, until_ms] : formers) {
        texts.push_back(text);
        texts.push_back(std::to_string(until_ms));
    }
    return texts;
}

std::vector<FormerSecret> unflat_formers(std::vector<std::string> texts) {
    std::vector<FormerSecret> formers;
    for (std::size_t i = 0; i + 1 < texts.size(); i += 2) {
        const auto& until = texts[i + 1];
        FormerSecret former{.text = std::move(texts[i])};
        const auto parsed = std::from_chars(until.data(), until.data() + until.size(), former.until_ms);
        if (parsed.ec != std::errc()) damaged();
        formers.push_back(std::move(former));
    }
    return formers;
}

// Records that were written before there could be several have one, or null.
std::vector<FormerSecret> read_formers(const RecordReader& reader) {
    if (reader.has("formers")) return unflat_formers(reader.strings("formers"));
    auto former = reader.optional_string("former");
    if (!former) return {};
    return {{.text = *std::move(former), .until_ms = reader.number("formerUntilMs")}};
}

}  // namespace

std::string print(const DestinationRecord& record) {
    return RecordPrinter()
        .string("url", record.url)
        .strings("headerNames", record.header_names)
        .string("name", record.selection.name)
        .strings("types", record.selection.types)
        .done();
}

std::string print(const TriggerRecord& record) {
    const auto& selection = record.selection;
    return RecordPrinter()
        .string("url", record.url)
        .strings("headerNames", record.header_names)
        .string("triggerName", selection.trigger_name)
        .string("integrationName", selection.integration_name)
        .string("integration", format_uuid(selection.integration))
        .number("scope", static_cast<std::int64_t>(selection.followed.scope))
        .string("workspace", format_uuid(selection.followed.workspace))
        .string("subject", to_hex(selection.followed.subject))
        .string("prefix", selection.prefix)
        .raw("metadata", selection.metadata_json)
        .done();
}

std::string print(const WebhookSecrets& secrets) {
    return RecordPrinter()
        .string("current", secrets.current)
        .strings("formers", flat(secrets.formers))
        .strings("headers", flat(secrets.headers))
        .done();
}

std::string print(const DeliveryRecord& record) {
    return RecordPrinter()
        .string("workspace", format_uuid(record.workspace))
        .string("kind", record.kind)
        .optional_string("inactiveBecause", record.inactive_because)
        .string("place", record.place)
        .number("failures", record.failures)
        .number("retryAtMs", record.retry_at_ms)
        .optional_number("lastSuccessMs", record.last_success_ms)
        .optional_number("lastFailureMs", record.last_failure_ms)
        .optional_string("lastError", record.last_error)
        .done();
}

template <>
DestinationRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.url = reader.string("url"),
            .header_names = reader.strings("headerNames"),
            .selection = {.name = reader.string("name"), .types = reader.strings("types")}};
}

template <>
TriggerRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    const auto scope = reader.number("scope");
    auto subject = from_hex(reader.string("subject"));
    if (scope < 1 || scope > 3 || !subject) damaged();
    return {.url = reader.string("url"),
            .header_names = reader.strings("headerNames"),
            .selection = {.trigger_name = reader.string("triggerName"),
                          .integration_name = reader.string("integrationName"),
                          .integration = reader.uuid("integration"),
                          .followed = {.scope = static_cast<kv::Scope>(scope),
                                       .workspace = reader.uuid("workspace"),
                                       .subject = *std::move(subject)},
                          .prefix = reader.string("prefix"),
                          .metadata_json = reader.raw("metadata")}};
}

template <>
WebhookSecrets parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.current = reader.string("current"),
            .formers = read_formers(reader),
            .headers = unflat(reader.strings("headers"))};
}

template <>
DeliveryRecord parse_record(std::string_view json) {
    const RecordReader reader(json);
    return {.workspace = reader.uuid("workspace"),
            .kind = reader.string("kind"),
            .inactive_because = reader.optional_string("inactiveBecause"),
            .place = reader.string("place"),
            .failures = reader.number("failures"),
            .retry_at_ms = reader.number("retryAtMs"),
            .last_success_ms = reader.optional_number("lastSuccessMs"),
            .last_failure_ms = reader.optional_number("lastFailureMs"),
            .last_error = reader.optional_string("lastError")};
}

}  // namespace alcove::scopes

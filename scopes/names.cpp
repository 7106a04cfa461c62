#include "scopes/names.hpp"

#include <algorithm>
#include <array>

#include "scopes/limits.hpp"
#include "scopes/text.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {
namespace {

bool is_plain_text(std::string_view text) {
    const auto code_points = count_code_points(text);
    return code_points && *code_points <= name_code_points_max && !has_control_characters(text);
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

bool is_integration_character(char c) {
    return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
}

bool is_alias_character(char c) {
    return is_lower(c) || is_digit(c) || c == '_' || c == '-';
}

bool is_word_character(char c) {
    return is_lower(c) || is_digit(c) || c == '_';
}

template <class Value, std::size_t size>
std::optional<Value> parse_name(const std::array<std::string_view, size>& names, std::string_view text) {
    const auto* found = std::ranges::find(names, text);
    if (found == names.end()) return std::nullopt;
    return static_cast<Value>(found - names.begin());
}

bool is_slug_character(char c) {
    return is_lower(c) || is_digit(c) || c == '-';
}

}  // namespace

std::optional<ExternalId> ExternalId::parse(std::string_view text) {
    if (text.empty() || !is_plain_text(text)) return std::nullopt;
    return ExternalId(text);
}

std::optional<Slug> Slug::parse(std::string_view text) {
    if (text.empty() || text.size() > limits::slug_bytes_max || text.front() == '-') return std::nullopt;
    if (!std::ranges::all_of(text, is_slug_character) || parse_uuid(text)) return std::nullopt;
    return Slug(text);
}

std::optional<IntegrationName> IntegrationName::parse(std::string_view text) {
    if (text.empty() || text.size() > limits::integration_name_bytes_max) return std::nullopt;
    const char first = text.front();
    if (!is_lower(first) && !is_upper(first) && !is_digit(first)) return std::nullopt;
    if (!std::ranges::all_of(text, is_integration_character)) return std::nullopt;
    return IntegrationName(text);
}

std::optional<Alias> Alias::parse(std::string_view text) {
    if (text.empty() || text.size() > limits::alias_bytes_max || !is_lower(text.front())) return std::nullopt;
    if (!std::ranges::all_of(text, is_alias_character) || parse_uuid(text)) return std::nullopt;
    return Alias(text);
}

std::optional<EventType> EventType::parse(std::string_view text) {
    if (text.size() > limits::event_type_bytes_max || text.find('.') == std::string_view::npos) return std::nullopt;
    bool in_word = false;
    for (const char c : text) {
        if (c == '.' ? !in_word : !is_word_character(c)) return std::nullopt;
        in_word = c != '.';
    }
    if (!in_word) return std::nullopt;
    return EventType(text);
}

std::string_view to_string(ConnectionStrategy strategy) {
    return connection_strategy_names[static_cast<std::size_t>(strategy)];
}
std::optional<ConnectionStrategy> parse_connection_strategy(std::string_view text) {
    return parse_name<ConnectionStrategy>(connection_strategy_names, text);
}

std::string_view to_string(ConnectionStatus status) {
    return connection_status_names[static_cast<std::size_t>(status)];
}
std::optional<ConnectionStatus> parse_connection_status(std::string_view text) {
    return parse_name<ConnectionStatus>(connection_status_names, text);
}

std::string_view to_string(AuthMethod method) {
    return auth_method_names[static_cast<std::size_t>(method)];
}
std::optional<AuthMethod> parse_auth_method(std::string_view text) {
    return parse_name<AuthMethod>(auth_method_names, text);
}

ConnectionStatus first_status(AuthMethod method) {
    return method == AuthMethod::none ? ConnectionStatus::connected : ConnectionStatus::connecting;
}

std::string_view to_string(PersistenceScope scope) {
    return persistence_scope_names[static_cast<std::size_t>(scope)];
}
std::optional<PersistenceScope> parse_persistence_scope(std::string_view text) {
    return parse_name<PersistenceScope>(persistence_scope_names, text);
}

std::optional<Label> Label::parse(std::string_view text) {
    if (!is_plain_text(text)) return std::nullopt;
    return Label(text);
}

std::optional<Email> Email::parse(std::string_view text) {
    const std::size_t at = text.find('@');
    if (text.size() > email_bytes_max || at == std::string_view::npos || at == 0 || at + 1 == text.size()) {
        return std::nullopt;
    }
    if (text.rfind('@') != at || text.find(' ') != std::string_view::npos || !is_plain_text(text)) {
        return std::nullopt;
    }
    return Email(text);
}

std::optional<Metadata> Metadata::parse(std::string_view json) {
    if (json.size() > metadata_bytes_max) return std::nullopt;
    Metadata metadata;
    metadata.json_ = json;
    return metadata;
}

}  // namespace alcove::scopes

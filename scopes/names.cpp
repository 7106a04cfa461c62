#include "scopes/names.hpp"

#include <algorithm>

#include "scopes/text.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {
namespace {

constexpr std::size_t slug_length_max = 63;

bool is_plain_text(std::string_view text) {
    const auto code_points = count_code_points(text);
    return code_points && *code_points <= name_code_points_max && !has_control_characters(text);
}

bool is_slug_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

}  // namespace

std::optional<ExternalId> ExternalId::parse(std::string_view text) {
    if (text.empty() || !is_plain_text(text)) return std::nullopt;
    return ExternalId(text);
}

std::optional<Slug> Slug::parse(std::string_view text) {
    if (text.empty() || text.size() > slug_length_max || text.front() == '-') return std::nullopt;
    if (!std::ranges::all_of(text, is_slug_character) || parse_uuid(text)) return std::nullopt;
    return Slug(text);
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

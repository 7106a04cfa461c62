#include "server/schema/formats.hpp"

#include <algorithm>

#include "scopes/names.hpp"
#include "scopes/text.hpp"
#include "scopes/uuid.hpp"
#include "server/files/path.hpp"

namespace alcove::schema {
namespace {

bool is_visible_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool has_no_nul(std::string_view text) {
    return text.find('\0') == std::string_view::npos;
}

// Up to 19 digits always fit 64 bits, and no store lives to see the 20th.
bool is_version(std::string_view text) {
    constexpr std::size_t digits_max = 19;
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.empty() || text.size() > digits_max || !std::ranges::all_of(text, is_digit)) return false;
    return text == "0" || text.front() != '0';
}

// Whether a name of that kind can be made of it.
template <class Name>
bool is(std::string_view text) {
    return Name::parse(text).has_value();
}

}  // namespace

constinit const Format without_nul = {.pattern = "^[^\\u0000]*$", .meaning = "not hold a NUL", .holds = has_no_nul};
constinit const Format visible_ascii = {
    .pattern = "^[\\u0020-\\u007e]*$", .meaning = "be visible ASCII", .holds = is_visible_ascii};
constinit const Format decimal_version = {
    .pattern = "^(0|[1-9][0-9]{0,18})$", .meaning = "be a version, or null", .holds = is_version};
constinit const Format file_path = {
    .pattern = R"(^(?!\.{1,2}(?![^/]))(?![\s\S]*/\.{1,2}(?![^/]))[^/\u0000]+(?:/[^/\u0000]+)*$)",
    .meaning = "be a path: segments with '/' between them, none of them empty, '.' or '..'",
    .holds = [](std::string_view text) { return has_no_nul(text) && files::is_path(text); }};
constinit const Format uuid = {
    .pattern = "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$",
    .meaning = "be a UUID",
    .holds = [](std::string_view text) { return scopes::parse_uuid(text).has_value(); }};
constinit const Format utc_time = {
    .pattern = R"(^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,3})?Z$)",
    .meaning = "be a time such as 2030-01-02T03:04:05.678Z",
    .holds = nullptr};
constinit const Format base64 = {
    .pattern = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$",
    .meaning = "be padded base64",
    .holds = nullptr};
constinit const Format plain_text = {
    .pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$",
    .meaning = "hold no control character",
    .holds = [](std::string_view text) { return !scopes::has_control_characters(text); }};
constinit const Format email = {
    .pattern = "^[^@ \\u0000-\\u001f\\u007f-\\u009f]+@[^@ \\u0000-\\u001f\\u007f-\\u009f]+$",
    .meaning = "be an e-mail address",
    .holds = is<scopes::Email>};
constinit const Format slug = {
    .pattern = "^(?![0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$)[a-z0-9][a-z0-9-]{0,62}$",
    .meaning = "match ^[a-z0-9][a-z0-9-]{0,62}$ and not have the form of a UUID",
    .holds = is<scopes::Slug>};
constinit const Format integration = {.pattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$",
                                      .meaning = "match ^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$",
                                      .holds = is<scopes::IntegrationName>};
constinit const Format alias = {
    .pattern = "^(?![0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$)[a-z][a-z0-9_-]{0,62}$",
    .meaning = "match ^[a-z][a-z0-9_-]{0,62}$ and not have the form of a UUID",
    .holds = is<scopes::Alias>};
constinit const Format event_type = {
    .pattern = R"(^[a-z0-9_]+(?:\.[a-z0-9_]+)+$)",
    .meaning = "be words of lower-case letters, digits and '_' joined by '.', such as 'task_run.completed'",
    .holds = is<scopes::EventType>};
constinit const Format event_filter = {
    .pattern = R"(^(?:\*|[a-z0-9_]+(?:\.[a-z0-9_]+)+)$)",
    .meaning = "be '*' or a type such as 'connection.created'",
    .holds = [](std::string_view text) { return text == "*" || is<scopes::EventType>(text); }};
constinit const Format web_url = {
    .pattern = "^[Hh][Tt][Tt][Pp][Ss]?://", .meaning = "be a URL of http or https", .holds = nullptr};

}  // namespace alcove::schema

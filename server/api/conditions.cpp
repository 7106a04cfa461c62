#include "server/api/conditions.hpp"

#include <charconv>
#include <limits>

#include "server/http/date.hpp"
#include "server/http/text.hpp"

namespace alcove::api {
namespace {

using http::trim;

// No commit ever has it.
constexpr kv::Version never = std::numeric_limits<kv::Version>::max();

enum class Comparison : std::uint8_t { strong, weak };
enum class TagMatch : std::uint8_t { matches, differs, malformed };

struct Tag {
    bool weak = false;
    std::string_view opaque;  // between the quotes
};

// Takes one tag from the front of a list, and the comma behind it.
std::optional<Tag> take_tag(std::string_view& list) {
    Tag tag;
    if (list.starts_with("W/")) {
        tag.weak = true;
        list.remove_prefix(2);
    }
    if (!list.starts_with('"')) return std::nullopt;
    const auto end = list.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    tag.opaque = list.substr(1, end - 1);
    list = trim(list.substr(end + 1));
    if (list.empty()) return tag;
    if (list.front() != ',') return std::nullopt;
    list = trim(list.substr(1));
    return tag;
}

kv::Version version_of(std::string_view opaque) {
    kv::Version version = 0;
    const auto end = opaque.data() + opaque.size();
    const auto parsed = std::from_chars(opaque.data(), end, version);
    const bool canonical =
        !opaque.empty() && parsed.ec == std::errc() && parsed.ptr == end && opaque.front() != '0';
    return canonical ? version : never;
}

TagMatch match(std::string_view header, kv::Version version, Comparison comparison) {
    auto list = trim(header);
    if (list == "*") return TagMatch::matches;
    if (list.empty()) return TagMatch::malformed;
    bool found = false;
    while (!list.empty()) {
        const auto tag = take_tag(list);
        if (!tag) return TagMatch::malformed;
        const bool comparable = comparison == Comparison::weak || !tag->weak;
        found = found || (comparable && version_of(tag->opaque) == version);
    }
    return found ? TagMatch::matches : TagMatch::differs;
}

Problem malformed(std::string_view header) {
    return invalid_field(header, std::string(header) + " must be '*' or a list of entity tags");
}

}  // namespace

Result<std::optional<std::string_view>> only_header(const http::Request& request, std::string_view lower_case_name,
                                                    std::string_view name) {
    const auto header = request.header(lower_case_name);
    if (header && request.count(lower_case_name) > 1) {
        return invalid_field(name, std::string(name) + " must come once");
    }
    return header;
}

void set_etag(http::Response& response, kv::Version version) {
    char text[24] = {'"'};
    auto* end = std::to_chars(text + 1, text + sizeof text - 1, version).ptr;
    *end++ = '"';
    response.set("ETag", {text, static_cast<std::size_t>(end - text)});
}

void set_last_modified(http::Response& response, kv::TimeMs time_ms) {
    const auto date = http::format_http_date(time_ms / 1000);
    response.set("Last-Modified", http::view(date));
}

Result<ReadVerdict> judge_read(const http::Request& request, const kv::Entry& entry) {
    const auto if_match = only_header(request, "if-match", "If-Match");
    if (!if_match) return if_match.error();
    if (*if_match) {
        const auto matched = match(**if_match, entry.version, Comparison::strong);
        if (matched == TagMatch::malformed) return malformed("If-Match");
        if (matched == TagMatch::differs) return ReadVerdict::failed;
    }
    const auto if_none_match = only_header(request, "if-none-match", "If-None-Match");
    if (!if_none_match) return if_none_match.error();
    if (*if_none_match) {
        const auto matched = match(**if_none_match, entry.version, Comparison::weak);
        if (matched == TagMatch::malformed) return malformed("If-None-Match");
        return matched == TagMatch::matches ? ReadVerdict::not_modified : ReadVerdict::send;
    }
    const auto since = request.header("if-modified-since");
    if (since) {
        const auto seconds = http::parse_http_date(*since);
        if (seconds && entry.updated_ms / 1000 <= *seconds) return ReadVerdict::not_modified;
    }
    return ReadVerdict::send;
}

bool is_current(std::string_view if_range, const kv::Entry& entry) {
    auto text = trim(if_range);
    if (text.starts_with('"')) {
        const auto tag = take_tag(text);
        return tag && text.empty() && version_of(tag->opaque) == entry.version;
    }
    return http::parse_http_date(text) == entry.updated_ms / 1000;
}

bool holds(const kv::Check& check, const std::optional<kv::Version>& current) {
    switch (check.kind) {
        case kv::Check::Kind::absent:
            return !current;
        case kv::Check::Kind::present:
            return current.has_value();
        case kv::Check::Kind::version:
            break;
    }
    return current == check.version;
}

Result<std::vector<kv::Check>> write_checks(const http::Request& request, std::string_view key) {
    std::vector<kv::Check> checks;
    const auto if_match = only_header(request, "if-match", "If-Match");
    if (!if_match) return if_match.error();
    if (*if_match) {
        auto list = trim(**if_match);
        if (list == "*") {
            checks.push_back({.key = std::string(key), .kind = kv::Check::Kind::present});
        } else {
            const auto tag = take_tag(list);
            if (!tag || !list.empty()) {
                return invalid_field("If-Match", "If-Match of a write must be '*' or one entity tag");
            }
            const auto version = tag->weak ? never : version_of(tag->opaque);
            checks.push_back({.key = std::string(key), .kind = kv::Check::Kind::version, .version = version});
        }
    }
    const auto if_none_match = only_header(request, "if-none-match", "If-None-Match");
    if (!if_none_match) return if_none_match.error();
    if (*if_none_match) {
        if (trim(**if_none_match) != "*") {
            return invalid_field("If-None-Match", "If-None-Match of a write must be '*'");
        }
        checks.push_back({.key = std::string(key), .kind = kv::Check::Kind::absent});
    }
    return checks;
}

Problem single_problem(kv::Error error) {
    if (error.code == kv::Errc::check_failed && !error.failed.empty()) {
        return precondition_failed(error.failed.front().current_version);
    }
    error.operation.reset();  // there is only one
    return to_problem(error);
}

}  // namespace alcove::api

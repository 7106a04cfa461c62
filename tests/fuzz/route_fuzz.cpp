// Paths to routes and names: what the router finds is what splitting, decoding and comparing one by one finds.
#include <array>
#include <optional>
#include <string>

#include "scopes/names.hpp"
#include "scopes/uuid.hpp"
#include "server/files/path.hpp"
#include "server/http/router.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace alcove {
namespace {

using fuzz::require;

// Enough of the real ones to have literals beside captures, captures beside rests, and ends within other patterns.
constexpr std::array<std::string_view, 16> patterns = {
    "/healthz",
    "/api/v1/workspaces",
    "/api/v1/workspaces/{workspace}",
    "/api/v1/workspaces/{workspace}/kv",
    "/api/v1/workspaces/{workspace}/kv/{key...}",
    "/api/v1/workspaces/{workspace}/files/{path...}",
    "/api/v1/workspaces/{workspace}/end-users/{endUserId}/kv/{key...}",
    "/api/v1/workspaces/{workspace}/end-users/{endUserId}/files/{path...}",
    "/api/v1/workspaces/{workspace}/external/{externalId}/kv",
    "/api/v1/workspaces/{workspace}/external/{externalId}/kv/{key...}",
    "/api/v1/workspaces/{workspace}/integrations/{integration}",
    "/api/v1/workspaces/{workspace}/integrations/{integration}/kv/{key...}",
    "/api/v1/integrations/{name}/properties/options",
    "/files/{signed}",
    "/{any}/{key...}",
    "/{any}/kv/x",
};

const http::Router& router() {
    static const http::Router made = [] {
        http::Router filled;
        for (std::size_t i = 0; i < patterns.size(); ++i)
            filled.add(http::Method::get, patterns[i], static_cast<http::Router::Route>(i));
        return filled;
    }();
    return made;
}

std::vector<std::string> split(std::string_view path) {
    std::vector<std::string> segments;
    std::string segment;
    for (const char c : path.substr(1)) {
        if (c == '/') {
            segments.push_back(std::move(segment));
            segment.clear();
        } else {
            segment += c;
        }
    }
    segments.push_back(std::move(segment));
    return segments;
}

int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::optional<std::string> decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
        out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
        i += 2;
    }
    return out;
}

struct Found {
    std::size_t pattern = 0;
    std::string kinds;  // 'a' for a literal, 'b' for a capture, 'c' for a rest: the smallest wins
    std::vector<std::string> values;
};

std::optional<Found> match_one(std::size_t index, const std::vector<std::string>& segments) {
    const auto wanted = split(patterns[index]);
    Found found{.pattern = index, .kinds = {}, .values = {}};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (i == segments.size()) return std::nullopt;
        if (wanted[i].ends_with("...}")) {
            std::string rest = segments[i];
            for (std::size_t j = i + 1; j < segments.size(); ++j)
                rest.append("/").append(segments[j]);
            found.values.push_back(decode(rest).value());
            found.kinds += 'c';
            return found;
        }
        const auto segment = decode(segments[i]).value();
        const bool captures = wanted[i].starts_with('{');
        if (captures ? segment.empty() : segment != wanted[i]) return std::nullopt;
        if (captures) found.values.push_back(segment);
        found.kinds += captures ? 'b' : 'a';
    }
    if (wanted.size() != segments.size()) return std::nullopt;
    return found;
}

void check_match(std::string_view path) {
    using Outcome = http::Router::Outcome;
    const auto match = router().match(http::Method::head, path);
    if (!decode(path)) return require(match.outcome == Outcome::bad_encoding, "bad encoding is refused");
    std::optional<Found> best;
    if (path.starts_with('/')) {
        const auto segments = split(path);
        for (std::size_t i = 0; i < patterns.size(); ++i) {
            auto found = match_one(i, segments);
            if (found && (!best || found->kinds < best->kinds)) best = std::move(found);
        }
    }
    if (!best) return require(match.outcome == Outcome::not_found, "what no pattern fits is not found");
    require(match.outcome == Outcome::matched && match.route == best->pattern, "the most special pattern matches");
    require(match.size() == best->values.size(), "each capture has a value");
    for (std::size_t i = 0; i < match.size(); ++i)
        require(match[i].value == best->values[i], "a capture is its segment, decoded once");
    const auto other = router().match(http::Method::put, path);
    require(other.outcome == Outcome::method_not_allowed && other.allow == "GET, HEAD", "the path alone decides");
}

template <class Name>
void check_name(std::string_view text) {
    const auto name = Name::parse(text);
    require(!name || name->text() == text, "a name is kept as it came");
    require(!name || text.find('\0') == std::string_view::npos, "no name holds a NUL");
}

void check_names(std::string_view text) {
    check_name<scopes::ExternalId>(text);
    check_name<scopes::Label>(text);
    check_name<scopes::IntegrationName>(text);
    check_name<scopes::Slug>(text);
    check_name<scopes::Alias>(text);
    const auto id = scopes::parse_uuid(text);
    require(!id || (!scopes::Slug::parse(text) && !scopes::Alias::parse(text)), "no slug or alias reads as a UUID");
    require(!id || scopes::parse_uuid(scopes::format_uuid(*id)) == id, "a UUID reads back");

    bool is_path = true;
    for (const auto& segment : split(std::string("/").append(text)))
        is_path = is_path && !segment.empty() && segment != "." && segment != "..";
    require(files::is_path(text) == is_path, "a path of a file has no empty and no dot segments");
}

}  // namespace
}  // namespace alcove

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const alcove::fuzz::Block text({reinterpret_cast<const char*>(data), size});
    alcove::check_match(text.view());
    alcove::check_names(text.view());
    if (const auto decoded = alcove::decode(text.view())) alcove::check_names(*decoded);
    return 0;
}

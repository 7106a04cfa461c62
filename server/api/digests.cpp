#include "server/api/digests.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "server/api/conditions.hpp"
#include "server/api/values.hpp"
#include "server/http/text.hpp"

namespace alcove::api {
namespace {

using http::trim;

constexpr std::string_view algorithm = "sha-256";

Problem malformed(std::string_view header) {
    return invalid_field(header, std::string(header) + " must be a list such as 'sha-256=:<base64>:'");
}

// One member of the list, `algorithm=:base64:`; nullopt when it is none.
std::optional<std::pair<std::string_view, std::string>> parse_member(std::string_view member) {
    const auto mark = member.find('=');
    if (mark == std::string_view::npos || mark == 0) return std::nullopt;
    auto value = member.substr(mark + 1);
    if (value.size() < 2 || !value.starts_with(':') || !value.ends_with(':')) return std::nullopt;
    auto bytes = decode_base64(value.substr(1, value.size() - 2));
    if (!bytes) return std::nullopt;
    return std::pair(member.substr(0, mark), std::move(*bytes));
}

Result<kv::Sha256> parse_digest(std::string_view header, std::string_view list) {
    std::optional<kv::Sha256> found;
    while (!list.empty()) {
        const auto comma = list.find(',');
        const auto member = parse_member(trim(list.substr(0, comma)));
        if (!member) return malformed(header);
        const auto& [name, bytes] = *member;
        if (name == algorithm) {
            if (bytes.size() != sizeof(kv::Sha256) || found) return malformed(header);
            std::copy(bytes.begin(), bytes.end(), found.emplace().begin());
        }
        list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    }
    if (!found) return invalid_field(header, std::string(header) + " must name sha-256: no other is checked");
    return *found;
}

}  // namespace

std::string print_digest(const kv::Sha256& digest) {
    const std::string_view bytes(reinterpret_cast<const char*>(digest.data()), digest.size());
    return std::string(algorithm) + "=:" + encode_base64(bytes) + ":";
}

Result<std::vector<StatedDigest>> stated_digests(const http::Request& request) {
    std::vector<StatedDigest> stated;
    for (const auto& [lower_case_name, name] :
         {std::pair<std::string_view, std::string_view>{"content-digest", "Content-Digest"},
          {"repr-digest", "Repr-Digest"}}) {
        const auto header = only_header(request, lower_case_name, name);
        if (!header) return header.error();
        if (!*header) continue;
        const auto digest = parse_digest(name, trim(**header));
        if (!digest) return digest.error();
        stated.push_back({.header = name, .digest = *digest});
    }
    return stated;
}

}  // namespace alcove::api

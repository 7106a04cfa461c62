// Splits a query on '&' and '=', decodes each side once and checks it.
#include "server/http/query.hpp"

#include <algorithm>
#include <boost/url/decode_view.hpp>
#include <boost/url/pct_string_view.hpp>
#include <cstdint>
#include <stdexcept>

#include "server/http/limits.hpp"

namespace alcove::http {

namespace {

namespace urls = boost::urls;

// Whether the text is UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        auto byte = [text](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
        auto first = byte(i++);
        if (first < 0x80) continue;
        auto more = first >= 0xc2 && first < 0xe0 ? 1u : first >= 0xe0 && first < 0xf0 ? 2u : 3u;
        if (first < 0xc2 || first > 0xf4 || text.size() - i < more) return false;
        auto second = byte(i);
        if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
            (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
            return false;
        }
        for (auto end = i + more; i < end; ++i) {
            if ((byte(i) & 0xc0) != 0x80) return false;
        }
    }
    return true;
}

// Decodes into `out`, which is moved on. Text that needs no decoding is returned as it is; nullopt when malformed.
std::optional<std::string_view> decode(std::string_view text, char*& out) {
    if (text.find_first_of("%+") == std::string_view::npos) return text;
    auto encoded = urls::make_pct_string_view(text);
    if (!encoded) return std::nullopt;
    urls::encoding_opts form;
    form.space_as_plus = true;
    auto view = urls::decode_view(*encoded, form);
    auto* end = std::copy(view.begin(), view.end(), out);
    auto decoded = std::string_view(out, static_cast<std::size_t>(end - out));
    out = end;
    return decoded;
}

}  // namespace

void throw_exception_from_error(const QueryError& error, const boost::source_location&) {
    throw std::invalid_argument(error.message);
}

boost::system::result<Query, QueryError> Query::parse(std::string_view raw,
                                                      std::initializer_list<std::string_view> repeatable) {
    Query query;
    char* out = nullptr;
    if (raw.find_first_of("%+") != std::string_view::npos) {
        query.decoded_ = std::make_unique_for_overwrite<char[]>(raw.size());
        out = query.decoded_.get();
    }
    while (!raw.empty()) {
        auto end = std::min(raw.find('&'), raw.size());
        auto piece = raw.substr(0, end);
        raw.remove_prefix(std::min(end + 1, raw.size()));
        if (piece.empty()) continue;
        auto equals = std::min(piece.find('='), piece.size());
        auto name = decode(piece.substr(0, equals), out);
        if (!name) return QueryError{"", "a query parameter's name has bad percent-encoding"};
        if (!is_utf8(*name)) return QueryError{"", "a query parameter's name is not UTF-8"};
        if (name->empty()) return QueryError{"", "a query parameter has no name"};
        auto shown = std::string(*name);
        auto value = decode(piece.substr(std::min(equals + 1, piece.size())), out);
        if (!value) return QueryError{shown, "query parameter '" + shown + "' has bad percent-encoding"};
        if (!is_utf8(*value)) return QueryError{shown, "query parameter '" + shown + "' is not UTF-8"};
        auto same = [&name](const Parameter& other) { return other.name == *name; };
        if (std::ranges::any_of(query.parameters_, same) && !std::ranges::count(repeatable, *name)) {
            return QueryError{shown, "query parameter '" + shown + "' is given more than once"};
        }
        if (query.parameters_.size() == limits::query_parameters_max) {
            return QueryError{shown, "the query has too many parameters"};
        }
        query.parameters_.push_back({.name = *name, .value = *value});
    }
    return query;
}

std::optional<std::string_view> Query::take(std::string_view name) {
    for (auto& parameter : parameters_) {
        if (parameter.name != name) continue;
        parameter.taken = true;
        return parameter.value;
    }
    return std::nullopt;
}

std::vector<std::string_view> Query::take_all(std::string_view name) {
    std::vector<std::string_view> values;
    for (auto& parameter : parameters_) {
        if (parameter.name != name) continue;
        parameter.taken = true;
        values.push_back(parameter.value);
    }
    return values;
}

std::optional<std::string_view> Query::first_unknown() const {
    for (const auto& parameter : parameters_) {
        if (!parameter.taken) return parameter.name;
    }
    return std::nullopt;
}

}  // namespace alcove::http

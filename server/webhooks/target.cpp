#include "server/webhooks/target.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <memory>
#include <new>
#include <set>
#include <stdexcept>

#include "server/webhooks/limits.hpp"

namespace alcove::webhooks {

namespace {

namespace urls = boost::urls;

constexpr std::string_view reserved_names[] = {
    "connection", "content-encoding", "content-length",   "content-type", "expect",
    "host",       "keep-alive",       "proxy-connection", "te",           "trailer",
    "upgrade",    "user-agent",       "transfer-encoding"};

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

bool is_field_value(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= 0x20 && c < 0x7f) || c == '\t'; });
}

bool is_reserved(std::string_view lower_case_name) {
    return lower_case_name.starts_with("webhook-") ||
           std::ranges::find(reserved_names, lower_case_name) != std::end(reserved_names);
}

std::string trimmed(const std::string& text) {
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

bool is_host(std::string_view host) {
    if (host.starts_with('[')) return true;  // libcurl has looked at it
    return !host.empty() &&
           std::ranges::all_of(host, [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; });
}

// As libcurl reads it, for libcurl will call. Boost.URL 1.81 takes 1.2.3.4.example.com for the host 1.2.3.4 and a
// path, and h:80x for port 80.
class Authority {
public:
    explicit Authority(const std::string& url) : url_(curl_url(), curl_url_cleanup) {
        if (!url_) throw std::bad_alloc();
        code_ = curl_url_set(url_.get(), CURLUPART_URL, url.c_str(), 0);
    }

    bool is_read() const { return code_ == CURLUE_OK; }
    bool has_bad_port() const { return code_ == CURLUE_BAD_PORT_NUMBER || part(CURLUPART_PORT) == "0"; }
    std::string host() const { return part(CURLUPART_HOST); }

private:
    std::string part(CURLUPart which) const {
        char* text = nullptr;
        if (curl_url_get(url_.get(), which, &text, 0) != CURLUE_OK) return {};
        const std::unique_ptr<char, void (*)(void*)> owner(text, curl_free);
        return text;
    }

    std::unique_ptr<CURLU, void (*)(CURLU*)> url_;
    CURLUcode code_;
};

// Scheme, host and port.
std::string_view origin_of(std::string_view url) {
    return url.substr(0, url.find_first_of("/?#", url.find("//") + 2));
}

}  // namespace

void throw_exception_from_error(const Invalid& invalid, const boost::source_location&) {
    throw std::logic_error(invalid.message);
}

Result<CallbackUrl> CallbackUrl::parse(std::string_view text) {
    if (text.size() > limits::url_bytes_max)
        return Invalid{"a URL has at most " + std::to_string(limits::url_bytes_max) + " bytes"};
    const auto url = urls::parse_uri({text.data(), text.size()});
    if (!url) return Invalid{"this is not an absolute URL such as https://example.com/hook"};
    if (url->scheme_id() != urls::scheme::http && url->scheme_id() != urls::scheme::https)
        return Invalid{"the URL must begin with https:// or http://"};
    if (!url->has_authority() || url->encoded_host().empty()) return Invalid{"the URL has no host"};
    if (url->has_userinfo())
        return Invalid{"the URL must not hold a user or password; use a header for credentials"};
    const Authority authority{std::string(text)};
    if (authority.has_bad_port()) return Invalid{"the URL's port must be between 1 and 65535"};
    if (!authority.is_read() || !is_host(authority.host()) || origin_of(text).find('%') != std::string_view::npos)
        return Invalid{"the URL's host must be a name or an IP address"};
    if (url->has_fragment()) return Invalid{"the URL must not have a fragment (#…): it is never sent"};
    return CallbackUrl(text);
}

Result<CustomHeaders> CustomHeaders::parse(std::vector<CustomHeader> headers) {
    if (headers.size() > limits::headers_max)
        return Invalid{"there may be at most " + std::to_string(limits::headers_max) + " headers"};
    std::size_t bytes = 0;
    std::set<std::string> names;
    for (auto& [name, value] : headers) {
        if (!is_token(name))
            return Invalid{"a header's name holds letters, digits and !#$%&'*+-.^_`|~, and at least one of them"};
        std::string lower_case_name = name;
        std::ranges::transform(name, lower_case_name.begin(), lower);
        if (is_reserved(lower_case_name)) return Invalid{"the header " + name + " is not yours to set"};
        if (!is_field_value(value))
            return Invalid{"the value of the header " + name + " must be visible ASCII, spaces and tabs"};
        bytes += name.size() + value.size();
        if (!names.insert(std::move(lower_case_name)).second)
            return Invalid{"the header " + name + " is there twice"};
        value = trimmed(value);
    }
    if (bytes > limits::headers_bytes_max)
        return Invalid{"all headers together have at most " + std::to_string(limits::headers_bytes_max) + " bytes"};
    return CustomHeaders(std::move(headers));
}

}  // namespace alcove::webhooks

#include "server/api/values.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>

#include "kv/limits.hpp"
#include "scopes/json.hpp"
#include "scopes/text.hpp"
#include "server/http/text.hpp"

namespace alcove::api {
namespace {

using http::equals;
using http::lower;

std::string_view essence(std::string_view content_type) {
    auto text = content_type.substr(0, content_type.find(';'));
    while (!text.empty() && text.back() == ' ')
        text.remove_suffix(1);
    return text;
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

bool is_base64_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

}  // namespace

bool has_media_type(std::string_view content_type, std::string_view media_type) {
    return equals(essence(content_type), media_type);
}

bool is_json(std::string_view content_type) {
    const auto type = essence(content_type);
    if (equals(type, json_content_type)) return true;
    constexpr std::string_view suffix = "+json";
    return type.size() > suffix.size() && equals(type.substr(type.size() - suffix.size()), suffix);
}

bool is_text(std::string_view content_type) {
    return equals(content_type.substr(0, 5), "text/");
}

bool is_content_type(std::string_view text) {
    const auto is_visible = [](char c) { return c >= 0x20 && c < 0x7f; };
    return !text.empty() && text.size() <= kv::limits::content_type_bytes_max &&
           std::ranges::all_of(text, is_visible);
}

std::string encode_base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a NUL
    const int size = EVP_EncodeBlock(bytes_of(text), bytes_of(bytes), static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::optional<std::string> decode_base64(std::string_view text) {
    if (text.empty()) return std::string();
    if (text.size() % 4 != 0) return std::nullopt;
    std::size_t padding = 0;
    while (padding < 2 && text[text.size() - 1 - padding] == '=')
        ++padding;
    // OpenSSL would skip white space.
    if (!std::ranges::all_of(text.substr(0, text.size() - padding), is_base64_character)) return std::nullopt;
    std::string bytes(text.size() / 4 * 3, '\0');
    const int size = EVP_DecodeBlock(bytes_of(bytes), bytes_of(text), static_cast<int>(text.size()));
    if (size < 0) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(size) - padding);
    // Bits behind the last byte must be zero, so that each value has one spelling.
    if (padding > 0 &&
        encode_base64(std::string_view(bytes).substr((bytes.size() / 3) * 3)) != text.substr(text.size() - 4)) {
        return std::nullopt;
    }
    return bytes;
}

std::string encode_base64url(std::string_view bytes) {
    auto text = encode_base64(bytes);
    while (!text.empty() && text.back() == '=')
        text.pop_back();
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text;
}

std::optional<std::string> decode_base64url(std::string_view text) {
    if (text.find_first_of("+/=") != std::string_view::npos) return std::nullopt;
    std::string padded(text);
    std::ranges::replace(padded, '-', '+');
    std::ranges::replace(padded, '_', '/');
    while (padded.size() % 4 != 0)
        padded += '=';
    return decode_base64(padded);
}

void print_value(scopes::json::Writer& writer, std::string_view content_type, std::string_view value) {
    const bool claims_json = is_json(content_type);
    if (claims_json && scopes::json::is_valid(value)) {
        writer.raw(value);
    } else if ((claims_json || is_text(content_type)) && scopes::is_utf8(value)) {
        writer.string(value);
    } else {
        writer.open_object().member("base64", encode_base64(value)).close_object();
    }
}

}  // namespace alcove::api

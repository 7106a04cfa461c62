#include "server/files/download_links.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "kv/encoding.hpp"
#include "scopes/secret.hpp"
#include "server/api/values.hpp"
#include "server/http/text.hpp"

namespace alcove::files {
namespace {

constexpr std::uint8_t link_format = 1;
constexpr std::size_t signature_bytes = 32;
constexpr kv::TimeMs hour_ms = kv::TimeMs{60} * 60 * 1000;

// Keeps what is signed here apart from whatever else the master key is for.
constexpr std::string_view purpose = "alcove download link";

using Key = std::array<std::uint8_t, signature_bytes>;

Key sign(const Key& key, std::string_view text) {
    Key out{};
    unsigned size = 0;
    const auto* signature =
        HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
    if (signature == nullptr || size != out.size()) throw std::runtime_error("HMAC-SHA256 failed");
    return out;
}

Key key_of(const scopes::MasterKey& master, std::uint64_t hour) {
    return sign(master, std::string(purpose) + " " + std::to_string(hour));
}

std::string_view view(const Key& bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string encode(const DownloadLink& link, std::uint64_t hour) {
    std::string out;
    kv::Encoder encoder(out);
    encoder.u8(link_format);
    encoder.varint(hour);
    encoder.i64(link.expires_ms);
    encoder.varint(link.version);
    encoder.u8(static_cast<std::uint8_t>(link.name.scope));
    encoder.raw({reinterpret_cast<const char*>(link.name.workspace.data), sizeof link.name.workspace.data});
    encoder.bytes(link.name.subject);
    encoder.bytes(link.path);
    return out;
}

// What was signed; nothing in it is to be believed before the signature is checked.
struct Signed {
    std::uint64_t hour = 0;
    DownloadLink link;
};

std::optional<Signed> decode(std::string_view bytes) {
    kv::Decoder decoder(bytes);
    Signed out;
    const auto format = decoder.u8();
    out.hour = decoder.varint();
    out.link.expires_ms = decoder.i64();
    out.link.version = decoder.varint();
    out.link.name.scope = static_cast<kv::Scope>(decoder.u8());
    const auto workspace = decoder.raw(sizeof out.link.name.workspace.data);
    workspace.copy(reinterpret_cast<char*>(out.link.name.workspace.data), workspace.size());
    out.link.name.subject = decoder.bytes();
    out.link.path = decoder.bytes();
    if (format != link_format || !decoder.ok() || !decoder.at_end()) return std::nullopt;
    return out;
}

}  // namespace

std::string DownloadLinks::make_url(const DownloadLink& link, kv::TimeMs now_ms) const {
    const auto hour = static_cast<std::uint64_t>(now_ms / hour_ms);
    auto text = encode(link, hour);
    text.append(view(sign(key_of(keys_.current, hour), text)));
    return http::join_url(public_url_, "/files/").append(api::encode_base64url(text));
}

std::optional<DownloadLink> DownloadLinks::open(std::string_view text) const {
    const auto bytes = api::decode_base64url(text);
    if (!bytes || bytes->size() < signature_bytes) return std::nullopt;
    const auto signed_bytes = std::string_view(*bytes).substr(0, bytes->size() - signature_bytes);
    const auto signature = std::string_view(*bytes).substr(signed_bytes.size());
    auto decoded = decode(signed_bytes);
    if (!decoded) return std::nullopt;
    const auto matches = [&](const scopes::MasterKey& master) {
        return scopes::same_secret(view(sign(key_of(master, decoded->hour), signed_bytes)), signature);
    };
    if (!matches(keys_.current) && (!keys_.former || !matches(*keys_.former))) return std::nullopt;
    // A key of an hour signs nothing that outlasts its hour by more than a link may last.
    const auto end_of_hour = (static_cast<kv::TimeMs>(decoded->hour) + 1) * hour_ms;
    if (decoded->link.expires_ms > end_of_hour + link_ms_max) return std::nullopt;
    return std::move(decoded->link);
}

}  // namespace alcove::files

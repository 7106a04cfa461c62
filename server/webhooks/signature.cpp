#include "server/webhooks/signature.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "scopes/secret.hpp"
#include "server/api/values.hpp"
#include "server/webhooks/limits.hpp"

namespace alcove::webhooks {

namespace {

constexpr std::string_view secret_prefix = "whsec_";

}  // namespace

WebhookSecret WebhookSecret::make() {
    std::array<std::uint8_t, 32> bytes{};
    scopes::fill_random(bytes.data(), bytes.size());
    return WebhookSecret(std::string(bytes.begin(), bytes.end()));
}

std::optional<WebhookSecret> WebhookSecret::parse(std::string_view text) {
    if (!text.starts_with(secret_prefix)) return std::nullopt;
    auto bytes = api::decode_base64(text.substr(secret_prefix.size()));
    if (!bytes || bytes->size() < limits::secret_bytes_min || bytes->size() > limits::secret_bytes_max)
        return std::nullopt;
    return WebhookSecret(std::move(*bytes));
}

std::string WebhookSecret::text() const {
    return std::string(secret_prefix) + api::encode_base64(bytes_);
}

std::string sign(const WebhookSecret& secret, std::string_view id, std::int64_t timestamp_s,
                 std::string_view body) {
    std::string signed_text(id);
    signed_text.append(".").append(std::to_string(timestamp_s)).append(".").append(body);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const std::string& key = secret.bytes();
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(signed_text.data()), signed_text.size(), digest.data(),
             &size) == nullptr) {
        throw std::runtime_error("HMAC-SHA256 failed");
    }
    return "v1," + api::encode_base64({reinterpret_cast<const char*>(digest.data()), size});
}

std::string sign_with_all(std::span<const WebhookSecret> secrets, std::string_view id, std::int64_t timestamp_s,
                          std::string_view body) {
    std::string signatures;
    for (const WebhookSecret& secret : secrets) {
        if (!signatures.empty()) signatures += ' ';
        signatures += sign(secret, id, timestamp_s, body);
    }
    return signatures;
}

}  // namespace alcove::webhooks

// Standard Webhooks signatures: who holds the secret can tell that a webhook is ours and was not changed on its
// way.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace alcove::webhooks {

// The key of symmetric signatures (v1): 24 to 64 bytes.
class WebhookSecret {
public:
    // 32 random bytes. Throws std::runtime_error when there is no randomness to be had.
    static WebhookSecret make();

    // "whsec_" and the bytes in padded base64 of RFC 4648 section 4. nullopt for anything else.
    static std::optional<WebhookSecret> parse(std::string_view text);

    std::string text() const;  // as it is parsed
    const std::string& bytes() const { return bytes_; }
    bool operator==(const WebhookSecret&) const = default;

private:
    explicit WebhookSecret(std::string bytes) : bytes_(std::move(bytes)) {}
    std::string bytes_;
};

// "v1," and the HMAC-SHA256 of "id.timestamp.body" in base64. `id` must not hold a dot, or one signature would fit
// several webhooks.
std::string sign(const WebhookSecret& secret, std::string_view id, std::int64_t timestamp_s, std::string_view body);

// The value of the header webhook-signature: one signature for each secret, separated by spaces. While a secret is
// replaced there are two, and the receiver is content when one fits.
std::string sign_with_all(std::span<const WebhookSecret> secrets, std::string_view id, std::int64_t timestamp_s,
                          std::string_view body);

}  // namespace alcove::webhooks

// Keeps what must be recovered (credentials, webhook secrets) under AES-256-GCM with the master key.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alcove::scopes {

using MasterKey = std::array<std::uint8_t, 32>;

MasterKey make_master_key();

// While the master key is being changed there are two: everything is sealed with the first, and what the former one
// sealed can still be opened.
struct MasterKeys {
    MasterKey current{};
    std::optional<MasterKey> former;
};

// Thread-safe.
class Vault {
public:
    explicit Vault(MasterKeys keys) : keys_(keys) {}

    // Text that names its key and holds a fresh nonce. `owner` is authenticated with it: sealed text opens only for
    // the record that it was made for.
    std::string seal(std::string_view secret, std::string_view owner) const;

    // nullopt when it was sealed with another key, for another owner, or changed since.
    std::optional<std::string> open(std::string_view sealed, std::string_view owner) const;

    // Whether the current key sealed it.
    bool is_current(std::string_view sealed) const;

private:
    MasterKeys keys_;
};

}  // namespace alcove::scopes

#include "scopes/vault.hpp"

#include <openssl/evp.h>

#include <memory>
#include <stdexcept>

#include "scopes/secret.hpp"

namespace alcove::scopes {
namespace {

// `<first 8 digits of the key's SHA-256>.<nonce, ciphertext and tag in hexadecimal>`
constexpr std::size_t key_name_digits = 8;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;

struct FreeContext {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

std::string_view view(const MasterKey& key) {
    return {reinterpret_cast<const char*>(key.data()), key.size()};
}

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* bytes_of(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

std::string name_of(const MasterKey& key) {
    return sha256_hex(view(key)).substr(0, key_name_digits);
}

void require(bool done) {
    if (!done) throw std::runtime_error("AES-256-GCM failed");
}

}  // namespace

MasterKey make_master_key() {
    MasterKey key{};
    fill_random(key.data(), key.size());
    return key;
}

std::string Vault::seal(std::string_view secret, std::string_view owner) const {
    std::string out(nonce_bytes + secret.size() + tag_bytes, '\0');
    fill_random(bytes_of(out), nonce_bytes);
    const Context context(EVP_CIPHER_CTX_new());
    int size = 0;
    unsigned char* at = bytes_of(out) + nonce_bytes;
    require(context && EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, keys_.current.data(),
                                          bytes_of(out)) == 1);
    require(EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(owner), static_cast<int>(owner.size())) == 1);
    require(EVP_EncryptUpdate(context.get(), at, &size, bytes_of(secret), static_cast<int>(secret.size())) == 1);
    require(EVP_EncryptFinal_ex(context.get(), at + size, &size) == 1);
    require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, at + secret.size()) == 1);
    return name_of(keys_.current) + "." + to_hex(out);
}

std::optional<std::string> Vault::open(std::string_view sealed, std::string_view owner) const {
    if (sealed.size() <= key_name_digits || sealed[key_name_digits] != '.') return std::nullopt;
    const auto name = sealed.substr(0, key_name_digits);
    const MasterKey* key = nullptr;
    if (name == name_of(keys_.current)) key = &keys_.current;
    if (key == nullptr && keys_.former && name == name_of(*keys_.former)) key = &*keys_.former;
    auto bytes = from_hex(sealed.substr(key_name_digits + 1));
    if (key == nullptr || !bytes || bytes->size() < nonce_bytes + tag_bytes) return std::nullopt;

    std::string secret(bytes->size() - nonce_bytes - tag_bytes, '\0');
    const Context context(EVP_CIPHER_CTX_new());
    int size = 0;
    unsigned char* at = bytes_of(*bytes) + nonce_bytes;
    require(context &&
            EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key->data(), bytes_of(*bytes)) == 1);
    require(EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(owner), static_cast<int>(owner.size())) == 1);
    require(EVP_DecryptUpdate(context.get(), bytes_of(secret), &size, at, static_cast<int>(secret.size())) == 1);
    require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, at + secret.size()) == 1);
    if (EVP_DecryptFinal_ex(context.get(), bytes_of(secret) + size, &size) != 1) return std::nullopt;
    return secret;
}

bool Vault::is_current(std::string_view sealed) const {
    return sealed.substr(0, key_name_digits) == name_of(keys_.current);
}

}  // namespace alcove::scopes

// SHA-256 over content that comes in pieces.
#include "kv/files/digest.hpp"

#include <openssl/evp.h>

#include "kv/error.hpp"

namespace alcove::kv {

namespace {

void require(bool done) {
    if (!done) throw StoreFailure("SHA-256 failed");
}

}  // namespace

void Digest::Free::operator()(EVP_MD_CTX* context) const {
    EVP_MD_CTX_free(context);
}

Digest::Digest() : context_(EVP_MD_CTX_new()) {
    require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

Digest::Digest(const Digest& other) : context_(EVP_MD_CTX_new()) {
    require(context_ && EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()) == 1);
}

void Digest::update(std::string_view bytes) {
    require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

Sha256 Digest::value() const {
    const Digest ended(*this);
    Sha256 out{};
    require(EVP_DigestFinal_ex(ended.context_.get(), out.data(), nullptr) == 1);
    return out;
}

}  // namespace alcove::kv

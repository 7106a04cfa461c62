// SHA-256 over content that comes in pieces.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string_view>

#include "kv/types.hpp"

namespace alcove::kv {

// One thread at a time. Throws StoreFailure when the library fails.
class Digest {
public:
    Digest();
    Digest(const Digest& other);
    Digest& operator=(const Digest&) = delete;

    void update(std::string_view bytes);
    Sha256 value() const;  // of all so far; more may come

private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const;
    };
    std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace alcove::kv

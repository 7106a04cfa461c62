// Digests of content as RFC 9530 writes them in headers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kv/types.hpp"
#include "server/api/error.hpp"
#include "server/http/message.hpp"

namespace alcove::api {

// `sha-256=:<base64>:`
std::string print_digest(const kv::Sha256& digest);

// What a request says of the content it carries, in Content-Digest or Repr-Digest, which is the same as long as
// there are no content codings. Other algorithms beside it are left alone. 400 for a header that is malformed, or
// that names no SHA-256: it would promise a check that is not made.
struct StatedDigest {
    std::string_view header;
    kv::Sha256 digest;
};
Result<std::vector<StatedDigest>> stated_digests(const http::Request& request);

}  // namespace alcove::api

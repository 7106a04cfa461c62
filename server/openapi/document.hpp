// The whole API in OpenAPI 3.1, made from the route table, what is said of its rows, and the shapes that validate.
#pragma once

#include <string>
#include <string_view>

namespace alcove::openapi {

// `public_url` is where clients reach the server; empty: where they found the document.
std::string print_document(std::string_view public_url);

}  // namespace alcove::openapi

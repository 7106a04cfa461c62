// Content-Disposition of downloads, as RFC 6266 asks for.
#pragma once

#include <string>
#include <string_view>

namespace alcove::files {

// `attachment` with the last segment of the path as its name: as it is, and in a form that old clients read.
std::string attachment(std::string_view path);

}  // namespace alcove::files

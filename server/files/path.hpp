// What names a file.
#pragma once

#include <string_view>

namespace alcove::files {

// Segments with '/' between them, none of which is empty, `.` or `..`. Nothing is normalised: what would be is no
// path.
bool is_path(std::string_view text);

}  // namespace alcove::files

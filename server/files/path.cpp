#include "server/files/path.hpp"

#include <algorithm>
#include <cstddef>

namespace alcove::files {

bool is_path(std::string_view text) {
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find('/', begin), text.size());
        const auto segment = text.substr(begin, end - begin);
        if (segment.empty() || segment == "." || segment == "..") return false;
        begin = end + 1;
    }
    return true;
}

}  // namespace alcove::files

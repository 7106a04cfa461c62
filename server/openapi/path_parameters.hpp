// What stands between the braces of a path.
#pragma once

#include <string_view>

#include "server/schema/schema.hpp"

namespace alcove::openapi {

struct PathParameter {
    std::string_view pattern_start;  // of the patterns that it is said of
    std::string_view name;
    const schema::Shape* shape;
    std::string_view example;  // decoded
};

// The capture of that name in that pattern. Throws std::logic_error when nothing is said of it.
const PathParameter& find_path_parameter(std::string_view pattern, std::string_view name);

}  // namespace alcove::openapi

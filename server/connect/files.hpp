// The files of this folder, as the build put them into the program.
#pragma once

#include <string_view>

namespace alcove::connect {

extern const std::string_view page_html;
extern const std::string_view page_js;
extern const std::string_view page_css;

}  // namespace alcove::connect

// Looking up request headers and composing response headers.
#include "server/http/message.hpp"

#include <array>
#include <boost/assert.hpp>

#include "server/http/text.hpp"

namespace alcove::http {

std::string_view to_string(Method method) {
    constexpr std::array<std::string_view, 8> names = {"GET",   "HEAD",   "PUT",     "POST",
                                                       "PATCH", "DELETE", "OPTIONS", ""};
    return names[static_cast<std::size_t>(method)];
}

std::optional<std::string_view> Request::header(std::string_view lower_case_name) const {
    for (const auto& header : headers) {
        if (equals(header.name, lower_case_name)) return header.value;
    }
    return std::nullopt;
}

std::size_t Request::count(std::string_view lower_case_name) const {
    std::size_t found = 0;
    for (const auto& header : headers)
        found += equals(header.name, lower_case_name) ? 1 : 0;
    return found;
}

void Response::set(std::string_view name, std::string_view value) {
    BOOST_ASSERT(value.find_first_of("\r\n") == std::string_view::npos);
    headers.reserve(headers.size() + name.size() + value.size() + 4);
    headers.append(name).append(": ").append(value).append("\r\n");
}

void Response::clear() {
    status = 200;
    headers.clear();
    body.clear();
    source.reset();
    file.reset();
    takeover.reset();
}

}  // namespace alcove::http

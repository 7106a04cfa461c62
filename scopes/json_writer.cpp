#include "scopes/json_writer.hpp"

#include <cstddef>

namespace alcove::scopes::json {

Writer& Writer::string(std::string_view text) {
    separate();
    out_ += '"';
    std::size_t begin = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (c >= 0x20 && c != '"' && c != '\\') [[likely]]
            continue;
        out_.append(text, begin, i - begin);
        begin = i + 1;
        out_ += '\\';
        switch (c) {
            case '"':
            case '\\':
                out_ += static_cast<char>(c);
                break;
            case '\n':
                out_ += 'n';
                break;
            case '\r':
                out_ += 'r';
                break;
            case '\t':
                out_ += 't';
                break;
            default: {
                constexpr std::string_view digits = "0123456789abcdef";
                out_ += "u00";
                out_ += digits[c >> 4];
                out_ += digits[c & 15];
            }
        }
    }
    out_.append(text, begin);
    out_ += '"';
    return *this;
}

}  // namespace alcove::scopes::json

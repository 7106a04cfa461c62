#include "server/cli/output.hpp"

#include <locale.h>
#include <unistd.h>
#include <wchar.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "scopes/text.hpp"
#include "server/cli/cli.hpp"

namespace alcove::cli {

namespace {

namespace json = scopes::json;

std::string escape(char letter, int digits, std::uint32_t value) {
    char text[16];
    std::snprintf(text, sizeof text, "\\%c%0*x", letter, digits, value);
    return text;
}

// How many bytes the code point takes that begins here; 0 when none does.
std::size_t code_point_bytes(std::string_view text) {
    for (std::size_t size = 1; size <= std::min<std::size_t>(4, text.size()); ++size)
        if (scopes::count_code_points(text.substr(0, size)) == 1) return size;
    return 0;
}

std::uint32_t code_point_of(std::string_view bytes) {
    const auto byte = [&](std::size_t i) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i]));
    };
    if (bytes.size() == 1) return byte(0);
    std::uint32_t out = byte(0) & (0x7fU >> bytes.size());
    for (std::size_t i = 1; i < bytes.size(); ++i)
        out = out << 6 | (byte(i) & 0x3f);
    return out;
}

bool is_harmful(std::uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200e && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

// `escape_harmful` makes the text that stands for a code point, or for a byte that belongs to none.
template <class Escape>
std::string replace_harmful(std::string_view text, LineBreaks breaks, Escape escape_harmful) {
    std::string out;
    while (!text.empty()) {
        const std::size_t size = code_point_bytes(text);
        const std::string_view bytes = text.substr(0, std::max<std::size_t>(size, 1));
        const std::uint32_t c = size == 0 ? static_cast<unsigned char>(text.front()) : code_point_of(bytes);
        const bool passes = size != 0 && (!is_harmful(c) || (c == '\n' && breaks == LineBreaks::kept));
        passes ? out.append(bytes) : out.append(escape_harmful(c));
        text.remove_prefix(bytes.size());
    }
    return out;
}

// For this thread, as long as it lives: wcwidth() asks the locale.
class Utf8Locale {
public:
    Utf8Locale()
        : locale_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)),
          former_(locale_ == nullptr ? nullptr : ::uselocale(locale_)) {}
    ~Utf8Locale() {
        if (locale_ == nullptr) return;
        ::uselocale(former_);
        ::freelocale(locale_);
    }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;

private:
    locale_t locale_;
    locale_t former_;
};

// Columns on a terminal: two for most East Asian characters, none for marks that join the one before. For what
// printable() made.
std::size_t width_of(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        const std::string_view bytes = text.substr(0, std::max<std::size_t>(code_point_bytes(text), 1));
        const int columns = ::wcwidth(static_cast<wchar_t>(code_point_of(bytes)));
        width += columns < 0 ? 1 : static_cast<std::size_t>(columns);
        text.remove_prefix(bytes.size());
    }
    return width;
}

}  // namespace

std::string printable(std::string_view text, LineBreaks breaks) {
    return replace_harmful(text, breaks,
                           [](std::uint32_t c) { return c < 0x100 ? escape('x', 2, c) : escape('u', 4, c); });
}

std::string printable_json(std::string_view text) {
    return replace_harmful(text, LineBreaks::kept, [](std::uint32_t c) { return escape('u', 4, c); });
}

std::string cell_of(const json::Value* value) {
    if (value == nullptr || value->type == json::Type::null) return "-";
    return std::string(value->type == json::Type::string ? value->text : value->raw);
}

std::string Table::take_text() {
    const Utf8Locale locale;
    for (auto& line : lines_) {
        widths_.resize(std::max(widths_.size(), line.size()));
        for (std::size_t i = 0; i < line.size(); ++i) {
            line[i] = printable(line[i]);
            widths_[i] = std::max(widths_[i], width_of(line[i]));
        }
    }
    std::string out;
    for (const auto& line : lines_) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            out += line[i];
            if (i + 1 == line.size()) break;
            out.append(widths_[i] - width_of(line[i]) + 2, ' ');
        }
        out += '\n';
    }
    lines_.clear();
    return out;
}

void print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
        throw Failure(exit_failure, "stdout cannot be written");
}

void print_json(std::string_view text) {
    print(::isatty(STDOUT_FILENO) == 1 ? printable_json(text) : text);
}

void print_answer(std::string_view answer) {
    print_json(answer);
    if (!answer.ends_with('\n')) print("\n");
}

void print_line(std::string_view text) {
    print(text);
    print("\n");
}

json::Document parse_answer(std::string_view text) {
    constexpr std::size_t values_max = 1'000'000;  // a page of 1,000 keys has some 10,000
    auto document = json::Document::parse(text, {.depth_max = 128, .values_max = values_max});
    if (!document) throw Failure(exit_failure, "the server's answer is no JSON");
    return std::move(*document);
}

}  // namespace alcove::cli

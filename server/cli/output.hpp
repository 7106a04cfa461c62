// What people see: tables, and text that cannot drive a terminal.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "scopes/json.hpp"

namespace alcove::cli {

enum class LineBreaks : bool { escaped, kept };

// Control characters, marks that change the direction of text, line separators and bytes that are no UTF-8 come out
// as escapes such as \x1b and \u202e, also a tab and, unless they are kept, line feeds.
std::string printable(std::string_view text, LineBreaks breaks = LineBreaks::escaped);

// The same for JSON: the escapes are those of its strings, so that it stays the same document.
std::string printable_json(std::string_view text);

// The value in a cell or behind a name: strings without quotes, null as "-", everything else as JSON.
std::string cell_of(const scopes::json::Value* value);

// Columns as wide as their widest cell on a terminal; cells are made printable. May be taken in parts: what comes
// later is as wide as what came before, or wider.
class Table {
public:
    explicit Table(std::vector<std::string> header) { lines_.push_back(std::move(header)); }
    void add(std::vector<std::string> row) { lines_.push_back(std::move(row)); }

    // The rows since the last call, the header before the first of them.
    std::string take_text();

private:
    std::vector<std::vector<std::string>> lines_{};
    std::vector<std::size_t> widths_{};
};

// To stdout. Throws Failure when it cannot be written.
void print(std::string_view text);

// The same for JSON or a piece of it, which reaches a terminal through printable_json().
void print_json(std::string_view text);

// A whole answer in JSON, as it came, with a line feed behind it.
void print_answer(std::string_view answer);

// To stdout, with a line feed behind it.
void print_line(std::string_view text);

// The document of an answer. Throws Failure when it is no JSON. `text` must outlive it.
scopes::json::Document parse_answer(std::string_view text);

}  // namespace alcove::cli

#include "server/cli/list_output.hpp"

#include <cctype>

#include "scopes/json_writer.hpp"

namespace alcove::cli {

namespace {

namespace json = scopes::json;

std::string header_of(std::string_view member) {
    std::string out;
    for (const char c : member) {
        if (std::isupper(static_cast<unsigned char>(c)) != 0) out += ' ';
        out += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return out;
}

// Those that the first item has: the values of keys come only when they are asked for.
std::vector<std::string_view> columns_of(const Command& command, const json::Document& document,
                                         const json::Value& items) {
    const auto* item = document.first(items);
    if (item == nullptr) return command.columns;
    std::vector<std::string_view> columns;
    for (const auto column : command.columns)
        if (document.member(*item, column) != nullptr) columns.push_back(column);
    return columns;
}

// What stands between the brackets.
std::string_view inside(const json::Value& list) {
    const auto text = list.raw.substr(1, list.raw.size() - 2);
    return text.find_first_not_of(" \t\r\n") == text.npos ? std::string_view() : text;
}

std::string string_of(std::string_view text) {
    std::string out;
    json::Writer(out).string(text);
    return out;
}

// Of a list of keys with a delimiter; null when there are none.
const json::Value* first_prefix(const json::Document& document) {
    const auto* prefixes = document.member(document.root(), "prefixes");
    return prefixes == nullptr ? nullptr : document.first(*prefixes);
}

}  // namespace

std::string ListOutput::show(const std::string& answer) {
    const auto document = parse_answer(answer);
    const auto* items = document.member(document.root(), command_.member);
    if (items == nullptr || items->type != json::Type::array)
        throw Failure(exit_failure, "the server's answer has no " + std::string(command_.member));
    switch (output_) {
        case Output::json:
            pages_ == Pages::single ? print_answer(answer) : show_json(document, *items);
            break;
        case Output::ids:
            show_ids(document, *items);
            break;
        case Output::table:
            show_rows(document, *items);
            break;
    }
    const auto* cursor = document.member(document.root(), "cursor");
    return cursor == nullptr ? std::string() : std::string(cursor->text);
}

void ListOutput::finish() {
    if (!begun_) return;
    print("]");
    for (const auto& [name, raw] : others_) {
        const auto list = lists_.find(name);
        print_json("," + string_of(name) + ":" + (list == lists_.end() ? raw : "[" + list->second + "]"));
    }
    print("}\n");
}

void ListOutput::show_json(const json::Document& document, const json::Value& items) {
    if (!begun_) print("{" + string_of(command_.member) + ":[");
    begun_ = true;
    const auto more = inside(items);
    if (has_items_ && !more.empty()) print(",");
    print_json(more);
    has_items_ = has_items_ || !more.empty();
    others_.clear();
    for (const auto* member = document.first(document.root()); member; member = document.next(*member)) {
        if (member->name == command_.member) continue;
        others_.emplace_back(member->name, member->raw);
        if (member->type != json::Type::array) continue;
        std::string& list = lists_[std::string(member->name)];
        if (!list.empty() && !inside(*member).empty()) list += ',';
        list += inside(*member);
    }
}

void ListOutput::show_ids(const json::Document& document, const json::Value& items) {
    for (const auto* item = document.first(items); item != nullptr; item = document.next(*item))
        print_line(printable(cell_of(document.member(*item, command_.id))));
    for (const auto* prefix = first_prefix(document); prefix != nullptr; prefix = document.next(*prefix))
        print_line(printable(prefix->text));
}

void ListOutput::show_rows(const json::Document& document, const json::Value& items) {
    if (!table_) {
        columns_ = columns_of(command_, document, items);
        std::vector<std::string> header;
        header.reserve(columns_.size());
        for (const auto column : columns_)
            header.push_back(header_of(column));
        table_.emplace(std::move(header));
    }
    for (const auto* item = document.first(items); item != nullptr; item = document.next(*item)) {
        std::vector<std::string> row;
        row.reserve(columns_.size());
        for (const auto column : columns_)
            row.push_back(cell_of(document.member(*item, column)));
        table_->add(std::move(row));
    }
    for (const auto* prefix = first_prefix(document); prefix != nullptr; prefix = document.next(*prefix))
        table_->add({std::string(prefix->text)});
    print(table_->take_text());
}

}  // namespace alcove::cli

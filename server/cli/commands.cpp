#include "server/cli/commands.hpp"

#include <cctype>

#include "scopes/json_writer.hpp"
#include "scopes/text.hpp"
#include "server/cli/file.hpp"
#include "server/cli/output.hpp"

namespace alcove::cli {

namespace {

namespace json = scopes::json;
using Kind = Field::Kind;

constexpr std::size_t json_bytes_max = 16 << 20;  // the server takes no longer body

std::string braced(std::string_view member) {
    return "{" + std::string(member) + "}";
}

std::string checked_json(const Field& field, const std::string& text) {
    if (!json::is_valid(text)) throw Failure(exit_usage, std::string(field.option) + " is no JSON");
    return text;
}

std::string checked_number(const Field& field, const std::string& text) {
    // The server says what is wrong with a number; here it must only be one.
    const bool fine = json::is_valid(text) && (text[0] == '-' || std::isdigit(static_cast<unsigned char>(text[0])));
    if (!fine) throw Failure(exit_usage, std::string(field.option) + " is no number");
    return text;
}

std::string_view checked_text(const Field& field, std::string_view text) {
    if (!scopes::is_utf8(text)) throw Failure(exit_usage, std::string(field.option) + " is no UTF-8");
    return text;
}

void write_list(json::Writer& writer, const Field& field, std::string_view texts) {
    writer.open_array();
    while (!texts.empty()) {
        const auto comma = texts.find(',');
        writer.string(checked_text(field, texts.substr(0, comma)));
        texts.remove_prefix(comma == texts.npos ? texts.size() : comma + 1);
    }
    writer.close_array();
}

void write_value(json::Writer& writer, const Field& field, const std::string& text) {
    switch (field.kind) {
        case Kind::clearable:
            if (text.empty()) {
                writer.null();
                return;
            }
            [[fallthrough]];
        case Kind::text:
            writer.string(checked_text(field, text));
            return;
        case Kind::json:
            writer.raw(checked_json(field, text));
            return;
        case Kind::json_file:
            writer.raw(checked_json(field, read_whole_file(text, json_bytes_max, exit_usage)));
            return;
        case Kind::limit:
            if (text == "none") {
                writer.null();
                return;
            }
            [[fallthrough]];
        case Kind::number:
            writer.raw(checked_number(field, text));
            return;
        case Kind::list:
            write_list(writer, field, text);
            return;
        case Kind::flag:
            writer.boolean(true);
            return;
    }
}

// The members of an object get rows of their own, those deeper down stay JSON.
void add_member(Table& table, const json::Document& document, const json::Value& member) {
    const auto* inner = member.type == json::Type::object ? document.first(member) : nullptr;
    if (inner == nullptr) {
        table.add({std::string(member.name), cell_of(&member)});
        return;
    }
    for (; inner != nullptr; inner = document.next(*inner))
        table.add({std::string(member.name) + "." + std::string(inner->name), cell_of(inner)});
}

// The members of the thing, then what else the answer holds.
void show_parsed(const Command& command, const json::Document& document, Output output) {
    const auto& root = document.root();
    const auto* thing = command.member.empty() ? &root : document.member(root, command.member);
    if (thing == nullptr) throw Failure(exit_failure, "the server's answer has no " + std::string(command.member));
    if (output == Output::ids) {
        const auto* secret = command.secret.empty() ? nullptr : document.member(root, command.secret);
        print_line(printable(cell_of(secret ? secret : document.member(*thing, command.id))));
        return;
    }
    if (!command.lines.empty()) {
        const auto* lines = document.member(root, command.lines);
        for (const auto* line = lines ? document.first(*lines) : nullptr; line; line = document.next(*line))
            print_line(printable(line->text));
        return;
    }
    Table table({"FIELD", "VALUE"});
    const auto add = [&](const json::Value* first) {
        for (const auto* member = first; member != nullptr; member = document.next(*member))
            if (member != thing) add_member(table, document, *member);
    };
    if (thing->type == json::Type::object) add(document.first(*thing));
    if (thing != &root) add(document.first(root));
    print(table.take_text());
}

}  // namespace

Request request_of(const Command& command, const Given& given, const NamespaceFlags& flags) {
    std::string path(command.path);
    std::string body;
    json::Writer writer(body);
    writer.open_object();
    if (!command.operation.empty()) writer.member("op", command.operation);
    bool has_body = false;
    std::vector<std::pair<std::string, std::string>> query;
    for (const Field& field : command.fields) {
        const auto found = given.find(std::string(field.member));
        if (found == given.end()) continue;
        const std::string& text = found->second;
        if (const auto at = path.find(braced(field.member)); at != path.npos) {
            if (text.empty()) throw Failure(exit_usage, std::string(field.option) + " is empty");
            path.replace(at, field.member.size() + 2, percent_encode(text));
        } else if (command.method == "GET") {
            query.emplace_back(field.member, field.kind == Kind::flag ? "true" : text);
        } else {
            write_value(writer.name(field.member), field, text);
            has_body = true;
        }
    }
    writer.close_object();
    Request request{.method = std::string(command.method), .path = path};
    if (path.starts_with("NS")) request = namespace_request(flags, request.method, path.substr(2));
    request.query.insert(request.query.end(), query.begin(), query.end());
    if (command.reads_without_fields && !has_body) request.method = "GET";
    if (request.method != "GET" && request.method != "DELETE") request.body = std::move(body);
    return request;
}

void show_one(const Command& command, const std::string& answer, Output output) {
    output == Output::json ? print_answer(answer) : show_parsed(command, parse_answer(answer), output);
}

}  // namespace alcove::cli

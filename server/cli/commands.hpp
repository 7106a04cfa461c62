// Commands as data: which request a command line makes, and what is shown of the answer.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/cli/remote.hpp"

namespace alcove::cli {

struct Field {
    enum class Kind : unsigned char {
        text,
        clearable,  // text; the empty one becomes null
        json,
        json_file,  // the JSON in a file, or "-" for stdin: for secrets
        number,
        limit,  // a number, or "none", which becomes null
        list,   // texts with commas between
        flag
    };
    enum class Need : unsigned char { optional, required };

    std::string_view option;  // --name, or without dashes what stands by its place
    std::string_view member;  // {in the path}, else in the query of a GET, else in the body
    std::string_view help;
    Kind kind = Kind::text;
    Need need = Need::optional;
};

struct Command {
    std::string_view noun;
    std::string_view verb;
    std::string_view help;
    std::string_view method;
    std::string_view path;  // NS is the namespace that the command line names
    std::vector<Field> fields{};
    std::string_view member{};                // of the answer, what is shown; empty: all of it
    std::vector<std::string_view> columns{};  // of a list, which has --limit, --cursor and --all
    std::string_view id = "id";               // what --quiet prints of it
    std::string_view secret{};                // or this member of the answer
    std::string_view lines{};           // of the answer, a list of sentences that people see instead of the rest
    std::string_view question{};        // asked before, with the path's fields in it
    std::string_view operation{};       // member `op` of the body
    bool reads_without_fields = false;  // GET when the command line has nothing for the body
};

// What the command line gives, by the field's member.
using Given = std::map<std::string, std::string>;

// Throws Failure when a value is not what its kind says.
Request request_of(const Command& command, const Given& given, const NamespaceFlags& flags);

// The answer of a command that is no list, to stdout.
void show_one(const Command& command, const std::string& answer, Output output);

void add_command(CLI::App& app, Context& context, const Command& command);

}  // namespace alcove::cli

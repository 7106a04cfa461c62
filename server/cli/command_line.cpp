// A command as data, on the command line.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "server/cli/commands.hpp"
#include "server/cli/list_output.hpp"
#include "server/cli/output.hpp"

namespace alcove::cli {

namespace {

// One for each command, alive as long as the command line is.
struct Invocation {
    Command command;
    Given given{};
    NamespaceFlags flags{};
    bool all = false;
};

void add_field(CLI::App& verb, Given& given, const Field& field) {
    const std::string member(field.member);
    CLI::Option* option = nullptr;
    if (field.kind == Field::Kind::flag) {
        const auto set = [&given, member](std::int64_t) { given[member] = "true"; };
        option = verb.add_flag_function(std::string(field.option), set, std::string(field.help));
    } else {
        const auto set = [&given, member](const std::string& text) { given[member] = text; };
        option = verb.add_option_function<std::string>(std::string(field.option), set, std::string(field.help));
        option->type_name("");
    }
    if (field.need == Field::Need::required) option->required();
}

std::string question_of(const Invocation& invocation) {
    std::string out(invocation.command.question);
    Given words = invocation.given;
    words["namespace"] = name_of(invocation.flags);
    for (const auto& [member, text] : words) {
        const std::string braced = "{" + member + "}";
        if (const auto at = out.find(braced); at != out.npos) out.replace(at, braced.size(), text);
    }
    return out;
}

int run(Context& context, Invocation& invocation) {
    const Command& command = invocation.command;
    if (!command.question.empty()) confirm(context, question_of(invocation));
    Client client(context.settings());
    const auto ask = [&] { return client.expect(request_of(command, invocation.given, invocation.flags)).body; };
    if (command.columns.empty()) {
        show_one(command, ask(), context.output());
        return exit_ok;
    }
    ListOutput list(command, context.output(), invocation.all ? Pages::joined : Pages::single);
    std::string cursor = list.show(ask());
    while (invocation.all && !cursor.empty()) {
        invocation.given["cursor"] = cursor;
        cursor = list.show(ask());
    }
    list.finish();
    if (!cursor.empty() && context.output() != Output::json)
        std::fprintf(stderr, "there are more: --all, or --cursor %s\n", printable(cursor).c_str());
    return exit_ok;
}

}  // namespace

void add_command(CLI::App& app, Context& context, const Command& command) {
    const auto invocation = std::make_shared<Invocation>(Invocation{.command = command});
    if (!command.columns.empty()) {
        auto& fields = invocation->command.fields;
        fields.push_back({"--limit", "limit", "how many at most", Field::Kind::number});
        fields.push_back({"--cursor", "cursor", "go on behind an earlier page"});
    }
    const auto start = [&context, invocation] { return run(context, *invocation); };
    CLI::App& verb = add_verb(app, context, command.noun, command.verb, command.help, start);
    for (const Field& field : invocation->command.fields)
        add_field(verb, invocation->given, field);
    if (command.path.starts_with("NS")) add_namespace_options(verb, invocation->flags);
    if (!command.columns.empty()) verb.add_flag("--all", invocation->all, "all pages, joined");
    if (!command.question.empty()) add_yes_option(verb, context);
    add_settings_options(verb, context);
    add_output_options(verb, context);
}

}  // namespace alcove::cli

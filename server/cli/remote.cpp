#include "server/cli/remote.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cctype>
#include <iostream>

#include "server/cli/output.hpp"

namespace alcove::cli {

namespace {

constexpr const char* server_group = "Server";
constexpr const char* output_group = "Output";

std::string help_of(const std::string& noun) {
    if (noun == "kv") return "Values under keys, in one namespace";
    if (noun == "namespace") return "Namespaces as a whole";
    if (noun == "key") return "API keys, and the master key";
    if (noun == "mcp-token") return "Tokens that act as an end user";
    if (noun == "integration") return "The integrations that a workspace uses";
    if (noun == "end-user") return "End users of a workspace";
    std::string out = noun + "s";
    out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
    return out;
}

CLI::App& noun_of(CLI::App& app, std::string_view noun) {
    if (noun.empty()) return app;
    const std::string name(noun);
    for (CLI::App* known : app.get_subcommands({}))
        if (known->get_name() == name) return *known;
    CLI::App* made = app.add_subcommand(name, help_of(name));
    made->require_subcommand(1);
    return *made;
}

}  // namespace

CLI::App& add_verb(CLI::App& app, Context& context, std::string_view noun, std::string_view verb,
                   std::string_view help, std::function<int()> run) {
    CLI::App* out = noun_of(app, noun).add_subcommand(std::string(verb), std::string(help));
    out->callback([&context, run = std::move(run)] { context.run = run; });
    return *out;
}

void add_settings_options(CLI::App& verb, Context& context) {
    auto& flags = context.flags;
    verb.add_option("--url", flags.url, std::string("the server, ") + default_url + " by default; or ALCOVE_URL")
        ->group(server_group);
    verb.add_option("--token", flags.token,
                    "visible to other users of this machine: ALCOVE_KEY and `alcove login` are not")
        ->group(server_group);
    verb.add_option(
            "--ca-file", flags.ca_file,
            "PEM file of who vouches for the server's certificate, instead of the machine's; or ALCOVE_CA_FILE")
        ->group(server_group);
    verb.add_option("--profile", flags.profile, "a section of the file that `alcove login` writes")
        ->group(server_group);
}

void add_output_options(CLI::App& verb, Context& context) {
    auto* json = verb.add_flag("--json", context.json, "the server's JSON as it came")->group(output_group);
    verb.add_flag("-q,--quiet", context.quiet, "ids only; of what is shown once, the secret")
        ->group(output_group)
        ->excludes(json);
}

void add_yes_option(CLI::App& verb, Context& context) {
    verb.add_flag("-y,--yes", context.yes, "do not ask");
}

void confirm(const Context& context, const std::string& question) {
    if (context.yes) return;
    if (::isatty(STDIN_FILENO) != 1) throw Failure(exit_usage, "without a terminal to ask on, this needs --yes");
    std::cerr << printable(question) << " [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer != "y" && answer != "Y" && answer != "yes") throw Failure(exit_failure, "nothing was done");
}

void add_namespace_options(CLI::App& verb, NamespaceFlags& flags) {
    const char* group = "Namespace";
    verb.add_option("-w,--workspace", flags.workspace, "id or slug; alone: the workspace's own namespace")
        ->required()
        ->group(group);
    verb.add_option("--end-user", flags.end_user, "an end user's, by your external id")->group(group);
    verb.add_option("--external", flags.external, "any key of yours")->group(group);
    verb.add_option("--integration", flags.integration,
                    "by the policy of the integration, an alias or id, with --end-user where it asks for one")
        ->group(group);
}

std::string name_of(const NamespaceFlags& flags) {
    const std::string of_workspace = "the workspace " + flags.workspace;
    if (!flags.integration.empty()) {
        const std::string user = flags.end_user.empty() ? "" : " for the end user " + flags.end_user;
        return "the integration " + flags.integration + user + " in " + of_workspace;
    }
    if (!flags.end_user.empty()) return "the end user " + flags.end_user + " in " + of_workspace;
    if (!flags.external.empty()) return "the external key " + flags.external + " in " + of_workspace;
    return of_workspace + " itself";
}

Request namespace_request(const NamespaceFlags& flags, std::string method, const std::string& rest) {
    if (flags.workspace.empty()) throw Failure(exit_usage, "--workspace is empty");
    if (!flags.external.empty() && !(flags.end_user.empty() && flags.integration.empty()))
        throw Failure(exit_usage, "--external excludes --end-user and --integration");
    Request request{.method = std::move(method)};
    request.path = "/workspaces/" + percent_encode(flags.workspace);
    if (!flags.integration.empty()) {
        request.path += "/integrations/" + percent_encode(flags.integration);
        if (!flags.end_user.empty()) request.query.emplace_back("endUserId", flags.end_user);
    } else if (!flags.end_user.empty()) {
        request.path += "/end-users/" + percent_encode(flags.end_user);
    } else if (!flags.external.empty()) {
        request.path += "/external/" + percent_encode(flags.external);
    }
    request.path += rest;
    return request;
}

}  // namespace alcove::cli

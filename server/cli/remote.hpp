// What the commands that speak to a server have in common.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/cli/client.hpp"

namespace CLI {
class App;
}

namespace alcove::cli {

enum class Output : unsigned char { table, json, ids };

// Lives as long as the command line is parsed and run.
struct Context {
    Environment environment{};
    SettingsFlags flags{};
    bool json = false;
    bool quiet = false;
    bool yes = false;
    std::function<int()> run{};  // the command that was asked for

    Output output() const { return json ? Output::json : quiet ? Output::ids : Output::table; }
    Settings settings() const { return find_settings(flags, environment); }
};

// The subcommand of a noun, which is made when there is none yet.
CLI::App& add_verb(CLI::App& app, Context& context, std::string_view noun, std::string_view verb,
                   std::string_view help, std::function<int()> run);

// --url, --token and --profile; --json and --quiet.
void add_settings_options(CLI::App& verb, Context& context);
void add_output_options(CLI::App& verb, Context& context);

// --yes, and the question itself. Without a terminal and without --yes it throws Failure.
void add_yes_option(CLI::App& verb, Context& context);
void confirm(const Context& context, const std::string& question);

// Which namespace the command line names.
struct NamespaceFlags {
    std::string workspace{};
    std::string end_user{};
    std::string external{};
    std::string integration{};
};
void add_namespace_options(CLI::App& verb, NamespaceFlags& flags);

// For a person.
std::string name_of(const NamespaceFlags& flags);

// The encoded path of the namespace with `rest` behind it, and its query. Throws Failure for a contradiction.
Request namespace_request(const NamespaceFlags& flags, std::string method, const std::string& rest);

// All commands of one kind.
void add_resource_commands(CLI::App& app, Context& context);
void add_kv_commands(CLI::App& app, Context& context);
void add_transfer_commands(CLI::App& app, Context& context);
void add_watch_command(CLI::App& app, Context& context);

}  // namespace alcove::cli

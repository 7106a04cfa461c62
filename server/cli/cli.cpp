// The command line, on CLI11.
#include "server/cli/cli.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <vector>

#include "server/cli/output.hpp"
#include "server/cli/remote.hpp"

extern char** environ;

namespace alcove::cli {

namespace {

constexpr const char* description = "Alcove, a persistence server for integrations.";
constexpr const char* root_key_variable = "ALCOVE_ROOT_KEY";

constexpr const char* footer =
    "Which server and with which token: --url and --token, else ALCOVE_URL and ALCOVE_KEY, else what\n"
    "`alcove login` keeps. A token on the command line is visible to other users of the machine.\n"
    "Exit status: 0 done, 1 failed, 2 wrong command line, 3 not found, 4 refused, 5 conflict.";

Environment environment_of_process() {
    Environment out;
    for (char** variable = environ; *variable; ++variable) {
        const std::string_view text = *variable;
        const std::size_t equals = text.find('=');
        if (equals != text.npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return out;
}

// What the command line says, kept until file and environment have had their say.
struct Given {
    std::string file;
    std::vector<std::function<void(Config&)>> flags;
    bool json = false;
    Telling telling{};
    BackupPlaces places{};
    std::string source{};
};

// A switch says its bounds as its type.
std::string help_of(const ConfigKey& key) {
    const std::string bounds = std::holds_alternative<ConfigKey::Flag>(key.kind) ? "" : key.bounds();
    return std::string(key.description) + (bounds.empty() ? "" : " (" + bounds + ")");
}

std::string not_empty(const std::string& value) {
    return value.empty() ? "must not be empty" : "";
}

void add_flag(CLI::App& app, Given& given, const ConfigKey& key, const std::string& names) {
    const bool is_switch = std::holds_alternative<ConfigKey::Flag>(key.kind);
    const auto remember = [&given, &key, is_switch](const CLI::results_t& values) {
        const bool bare = values.empty() || values.front().empty();
        const std::string value = is_switch && bare ? "true" : values.front();
        given.flags.push_back([&key, value](Config& config) {
            try {
                key.set(config, value);
            } catch (const ConfigError& error) {
                throw ConfigError(key.flag() + ": " + error.what());
            }
        });
        return true;
    };
    CLI::Option* option = app.add_option(names, remember, help_of(key));
    option->group(std::string(key.section));
    const std::string by_default = key.value_of(Config{});
    if (is_switch) {
        // No default_str(): CLI11 would take it for the value of a switch that stands alone.
        option->type_name("[true|false]=" + by_default)->expected(0, 1);
    } else {
        option->type_name("VALUE")->default_str(by_default);
    }
}

Config read_config(const Given& given, const Environment& environment) {
    Config config;
    if (!given.file.empty()) load_file(config, given.file);
    load_environment(config, environment);
    for (const auto& set : given.flags)
        set(config);
    return config;
}

std::optional<std::string> read_root_key(const Environment& environment) {
    const auto found = environment.find(root_key_variable);
    if (found == environment.end()) return std::nullopt;
    const std::string& key = found->second;
    constexpr std::size_t random_min = 16;
    constexpr std::size_t random_max = 200;
    const std::size_t size = key.size() - std::min<std::size_t>(key.size(), 4);
    const bool characters = std::all_of(key.begin(), key.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (!key.starts_with("alc_") || size < random_min || size > random_max || !characters) {
        throw ConfigError(std::string("environment: ") + root_key_variable +
                          " must be alc_ and 16 to 200 letters, digits, - and _");
    }
    return key;
}

// The flags of one command, with the configuration that they end in.
void add_serve(CLI::App& app, Context& context, Given& given) {
    CLI::App& serving = add_verb(app, context, "", "serve",
                                 "Starts the server. Every flag is also a key of the file and a "
                                 "variable of the environment: see config/alcove.toml",
                                 [&context, &given] {
                                     const Config config = read_config(given, context.environment);
                                     return serve(config, read_root_key(context.environment));
                                 });
    serving.add_option("--config", given.file, "a TOML file with sections as below")
        ->type_name("FILE")
        ->check(not_empty);
    for (const ConfigKey& key : config_keys()) {
        const std::string dotted = key.dotted();
        const std::string names = dotted == "store.data"      ? "--data," + key.flag()
                                  : dotted == "server.listen" ? "--listen," + key.flag()
                                                              : key.flag();
        add_flag(serving, given, key, names);
    }
}

// Of the configuration, what names a data folder, and these.
void add_data(CLI::App& verb, Given& given, std::initializer_list<std::string_view> others = {}) {
    verb.add_option("--config", given.file, "the server's TOML file")->type_name("FILE")->check(not_empty);
    for (const ConfigKey& key : config_keys()) {
        const std::string dotted = key.dotted();
        if (dotted == "store.data") add_flag(verb, given, key, "--data," + key.flag());
        if (std::ranges::find(others, dotted) != others.end()) add_flag(verb, given, key, key.flag());
    }
}

// The server must not run: its data folder is locked.
void add_rotate_master(CLI::App& app, Context& context, Given& given) {
    CLI::App& verb =
        add_verb(app, context, "key", "rotate-master",
                 "Makes a new master key and seals all credentials with it, while no server runs",
                 [&context, &given] { return rotate_master_key(read_config(given, context.environment)); });
    add_data(verb, given, {"security.master_key_file"});
}

// Likewise.
void add_check(CLI::App& app, Context& context, Given& given) {
    CLI::App& verb = add_verb(
        app, context, "", "check", "Reads all of a data folder and says what is wrong, while no server runs",
        [&context, &given] { return check(read_config(given, context.environment), given.json); });
    verb.add_flag("--json", given.json, "prints the report as JSON");
    add_data(verb, given, {"store.map_bytes", "store.segment_bytes"});
}

void add_telling(CLI::App& verb, Telling& telling) {
    auto* json = verb.add_flag("--json", telling.json, "prints the report as JSON");
    verb.add_flag("-q,--quiet", telling.quiet, "prints nothing, and no progress")->excludes(json);
}

void add_backup(CLI::App& app, Context& context, Given& given) {
    CLI::App& verb = add_verb(
        app, context, "", "backup",
        "Copies a data folder as it is at one moment, whether or not a server runs on it", [&context, &given] {
            const auto scratch = context.environment.find("TMPDIR");
            if (scratch != context.environment.end()) given.places.scratch_folder = scratch->second;
            return back_up(read_config(given, context.environment), given.places, given.telling);
        });
    verb.add_option("target", given.places.target,
                    "a folder that is not there or empty; - for a tar archive on stdout")
        ->required()
        ->check(not_empty);
    add_data(verb, given);
    add_telling(verb, given.telling);
}

void add_restore(CLI::App& app, Context& context, Given& given) {
    CLI::App& verb = add_verb(app, context, "", "restore", "Makes a data folder of a backup", [&context, &given] {
        return restore(read_config(given, context.environment), given.source, given.telling);
    });
    verb.add_option("backup", given.source, "a folder or a tar archive that `alcove backup` made; - for stdin")
        ->required()
        ->check(not_empty);
    add_data(verb, given, {"store.map_bytes", "store.segment_bytes"});
    add_telling(verb, given.telling);
}

void add_compact(CLI::App& app, Context& context, Given& given) {
    CLI::App& verb =
        add_verb(app, context, "", "compact",
                 "Gives room that the index does not need back to the disk, while no server runs",
                 [&context, &given] { return compact(read_config(given, context.environment), given.telling); });
    add_data(verb, given);
    add_telling(verb, given.telling);
}

void add_login(CLI::App& app, Context& context) {
    CLI::App& verb = add_verb(app, context, "", "login",
                              "Keeps a server's URL and a token, read from a prompt or from stdin, in "
                              "~/.config/alcove/profile.toml",
                              [&context] { return login(context.flags, context.environment); });
    verb.add_option("--url", context.flags.url, "the server")->required();
    verb.add_option("--ca-file", context.flags.ca_file,
                    "PEM file of who vouches for the server's certificate, instead of the machine's");
    verb.add_option("--profile", context.flags.profile, "the section of the file, default when not given");
}

int fail(int status, const std::string& message) {
    std::fprintf(stderr, "alcove: %s\n", printable(message).c_str());
    return status;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(description, "alcove");
    app.set_version_flag("--version", std::string("alcove ") + ALCOVE_VERSION);
    app.require_subcommand(1);
    Context context{.environment = environment_of_process()};
    Given serving;
    Given rotating;
    Given checking;
    Given backing_up;
    Given restoring;
    Given compacting;
    add_serve(app, context, serving);
    app.footer(footer);  // from here on subcommands inherit it
    add_login(app, context);
    add_resource_commands(app, context);
    add_kv_commands(app, context);
    add_transfer_commands(app, context);
    add_watch_command(app, context);
    add_rotate_master(app, context, rotating);
    add_check(app, context, checking);
    add_backup(app, context, backing_up);
    add_restore(app, context, restoring);
    add_compact(app, context, compacting);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        return fail(exit_usage, error.what());
    }
    try {
        const int status = context.run();
        if (std::fflush(stdout) != 0) throw Failure(exit_failure, "stdout cannot be written");
        return status;
    } catch (const ConfigError& error) {
        return fail(exit_usage, error.what());
    } catch (const Failure& failure) {
        return fail(failure.status(), failure.what());
    } catch (const std::exception& error) {
        return fail(exit_failure, error.what());
    }
}

}  // namespace alcove::cli

// The command line, on CLI11.
#include "server/cli/cli.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <functional>
#include <vector>

extern char** environ;

namespace alcove::cli {

namespace {

constexpr const char* description = "Alcove, a persistence server for integrations.";
constexpr const char* root_key_variable = "ALCOVE_ROOT_KEY";

std::map<std::string, std::string> environment_of_process() {
    std::map<std::string, std::string> out;
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

Config read_config(const Given& given, const std::map<std::string, std::string>& environment) {
    Config config;
    if (!given.file.empty()) load_file(config, given.file);
    load_environment(config, environment);
    for (const auto& set : given.flags)
        set(config);
    return config;
}

std::optional<std::string> read_root_key(const std::map<std::string, std::string>& environment) {
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

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(description, "alcove");
    app.set_version_flag("--version", std::string("alcove ") + ALCOVE_VERSION);
    app.require_subcommand(1);
    CLI::App* serving = app.add_subcommand("serve",
                                           "Starts the server. Every flag is also a key of the file and a "
                                           "variable of the environment: see config/alcove.toml");
    Given given;
    serving->add_option("--config", given.file, "a TOML file with sections as below")
        ->type_name("FILE")
        ->check(not_empty);
    for (const ConfigKey& key : config_keys()) {
        const std::string dotted = key.dotted();
        const std::string names = dotted == "store.data"      ? "--data," + key.flag()
                                  : dotted == "server.listen" ? "--listen," + key.flag()
                                                              : key.flag();
        add_flag(*serving, given, key, names);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {
        return app.exit(asked);
    } catch (const CLI::ParseError& error) {
        std::fprintf(stderr, "alcove: %s\n", error.what());
        return exit_usage;
    }
    try {
        const auto environment = environment_of_process();
        const Config config = read_config(given, environment);
        return serve(config, read_root_key(environment));
    } catch (const ConfigError& error) {
        std::fprintf(stderr, "alcove: %s\n", error.what());
        return exit_usage;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "alcove: %s\n", error.what());
        return exit_failure;
    }
}

}  // namespace alcove::cli

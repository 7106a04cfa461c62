// Which server, and who asks: from flags, environment and profile file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "server/cli/cli.hpp"

namespace alcove::cli {

inline constexpr const char* default_url = "http://127.0.0.1:7411";
inline constexpr const char* default_profile = "default";

struct Settings {
    std::string url{};      // scheme, host and port, perhaps a path; no slash at the end
    std::string token{};    // empty: none
    std::string ca_file{};  // PEM file of the authorities that may vouch for the server; empty: the machine's
};

// What the command line says; empty is not given.
struct SettingsFlags {
    std::string url{};
    std::string token{};
    std::string ca_file{};
    std::string profile{};
};

// alcove/profile.toml in XDG_CONFIG_HOME, else in ~/.config.
std::filesystem::path profile_path(const Environment& environment);

// Flags win over the environment, that over the profile. The token of a profile goes to the URL of that profile
// alone. Throws Failure: a wrong URL, a profile that is not there, a file that others may read.
Settings find_settings(const SettingsFlags& flags, const Environment& environment);

// Without slashes and /api/v1 at the end. Throws Failure when it is no http or https URL.
std::string parse_url(const std::string& text);

// Throws Failure when it is empty or holds what no header may hold.
std::string parse_token(const std::string& text);

// Writes one section of the file and keeps the others. The file gets mode 0600, and is replaced atomically.
void save_profile(const std::filesystem::path& path, const std::string& profile, const Settings& settings);

// `alcove login`: the token comes from a prompt without echo, or from stdin when that is no terminal.
int login(const SettingsFlags& flags, const Environment& environment);

}  // namespace alcove::cli

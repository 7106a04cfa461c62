// The command line: `alcove serve`, `alcove --version`, `alcove --help`.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "server/config.hpp"

namespace alcove::cli {

// What the process ends with.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1;  // something failed while running
inline constexpr int exit_usage = 2;    // the command line or the configuration is wrong

// Runs the command; messages for people go to stderr in one line each.
int main(int argc, char** argv);

// Serves until SIGTERM or SIGINT. `root_key` is from ALCOVE_ROOT_KEY.
int serve(const Config& config, std::optional<std::string> root_key);

}  // namespace alcove::cli

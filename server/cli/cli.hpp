// The command line: `alcove serve`, what speaks to a server, `alcove --version`, `alcove --help`.
#pragma once

#include <map>
#include <optional>
#include <stdexcept>
#include <string>

#include "server/config.hpp"

namespace alcove::cli {

// What the process ends with.
inline constexpr int exit_ok = 0;
inline constexpr int exit_failure = 1;    // something failed while running
inline constexpr int exit_usage = 2;      // the command line or the configuration is wrong
inline constexpr int exit_not_found = 3;  // the server answers 404
inline constexpr int exit_refused = 4;    // 401 or 403
inline constexpr int exit_conflict = 5;   // 409 or 412

using Environment = std::map<std::string, std::string>;

// Ends a command: one line for a person, and what the process ends with.
class Failure : public std::runtime_error {
public:
    Failure(int status, const std::string& message) : std::runtime_error(message), status_(status) {}
    int status() const { return status_; }

private:
    int status_;
};

// Runs the command; messages for people go to stderr in one line each.
int main(int argc, char** argv);

// Serves until SIGTERM or SIGINT. `root_key` is from ALCOVE_ROOT_KEY.
int serve(const Config& config, std::optional<std::string> root_key);

// Makes a new master key and seals every secret with it; no server may run on the folder. Of the configuration it
// takes the data folder and the key's file. When it was cut off, the next call goes on.
int rotate_master_key(const Config& config);

// Reads all of the data folder, which no server may use, and prints what does not fit together; exit_failure when
// there is something. Of the configuration it takes the folder and the sizes that opening it needs.
int check(const Config& config, bool json);

// How a command on a data folder tells what it did.
struct Telling {
    bool json = false;
    bool quiet = false;  // nothing but errors
};

// Copies the data folder, on which a server may work, to a new folder, or as a tar archive to stdout ("-").
// `scratch_folder` is for what such an archive must wait for.
struct BackupPlaces {
    std::string target{};
    std::string scratch_folder{};  // empty: the data folder
};
int back_up(const Config& config, const BackupPlaces& places, Telling telling);

// Makes the data folder of a backup: a folder, a tar archive or stdin ("-").
int restore(const Config& config, const std::string& source, Telling telling);

// Writes the index of the data folder, which no server may use, without what it does not need any more.
int compact(const Config& config, Telling telling);

}  // namespace alcove::cli

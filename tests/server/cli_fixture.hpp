// The program as a client of a server of its own, with a home of its own.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {

inline constexpr const char* root_key = "alc_0123456789abcdef";

inline std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

inline unsigned mode_of(const std::filesystem::path& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

// What an answer with --json has behind that name, when it is a string.
inline std::string member_of(const std::string& json, const std::string& name) {
    const std::string mark = "\"" + name + "\":\"";
    const auto at = json.find(mark);
    if (at == json.npos) return {};
    return json.substr(at + mark.size(), json.find('"', at + mark.size()) - at - mark.size());
}

// No server, but a home.
class CliHome {
public:
    CliHome() : environment{{"HOME", (folder / "home").string()}, {"XDG_CONFIG_HOME", ""}} {
        write_text(folder / "nothing", "");
    }

    // Its stdin is empty unless a file is named.
    Finished run(std::vector<std::string> arguments, const Environment& more = {},
                 const std::filesystem::path& input = {}) const {
        arguments.insert(arguments.begin(), ALCOVE_BINARY);
        Environment all = more;
        all.insert(environment.begin(), environment.end());
        return run_program_on(input.empty() ? folder / "nothing" : input, arguments, all);
    }
    std::string output(const std::vector<std::string>& arguments) const { return run(arguments).output; }
    int status(const std::vector<std::string>& arguments) const { return run(arguments).status; }

    TemporaryFolder folder;
    Environment environment;
    std::filesystem::path profile = folder / "home/.config/alcove/profile.toml";
};

// Knows the server and the root key from its environment.
class CliServer : public CliHome {
public:
    CliServer() {
        start();
        environment["ALCOVE_KEY"] = root_key;
    }

    void start() {
        server = std::make_unique<ServerProcess>(folder / "data", Environment{{"ALCOVE_ROOT_KEY", root_key}});
        environment["ALCOVE_URL"] = url();
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(server->port()); }

    std::unique_ptr<ServerProcess> server;
};

// With a workspace acme.
class CliWorkspace : public CliServer {
public:
    CliWorkspace() { run({"workspace", "create", "acme", "--name", "Acme"}); }
};

}  // namespace alcove::test

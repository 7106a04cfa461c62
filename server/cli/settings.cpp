#include "server/cli/settings.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>
#include <system_error>

// Header-only and slow to compile: beside this file only server/config.cpp sees it.
#include <toml++/toml.h>

namespace alcove::cli {

namespace {

constexpr mode_t own_mode = 0600;
constexpr mode_t others_mode = 077;
constexpr std::size_t file_bytes_max = 1 << 20;
constexpr int token_bytes_max = 1023;  // at the prompt

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& why) {
    throw Failure(exit_usage, "the profile file " + path.string() + " " + why);
}

std::string errno_text() {
    return std::generic_category().message(errno);
}

std::string variable(const Environment& environment, const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
}

// Closes with the block.
class Handle {
public:
    explicit Handle(int number) : number_(number) {}
    ~Handle() {
        if (number_ >= 0) ::close(number_);
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    int number() const { return number_; }

private:
    int number_;
};

// Empty when there is no file.
toml::table read_file(const std::filesystem::path& path) {
    const Handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.number() < 0) {
        if (errno == ENOENT || errno == ENOTDIR) return {};
        fail(path, "cannot be read: " + errno_text());
    }
    struct stat status{};
    if (::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode)) fail(path, "is no file");
    if ((status.st_mode & others_mode) != 0) fail(path, "must have mode 0600: others may read the token in it");
    std::string text;
    char buffer[4096];
    ssize_t got = 0;
    while ((got = ::read(file.number(), buffer, sizeof buffer)) > 0) {
        text.append(buffer, static_cast<std::size_t>(got));
        if (text.size() > file_bytes_max) fail(path, "is too large");
    }
    try {
        return toml::parse(text);
    } catch (const toml::parse_error& error) {
        fail(path, "is no TOML: line " + std::to_string(error.source().begin.line) + ": " +
                       std::string(error.description()));
    }
}

Settings read_profile(const std::filesystem::path& path, const std::string& asked) {
    const toml::table file = read_file(path);
    const std::string name = asked.empty() ? default_profile : asked;
    const toml::table* section = file[name].as_table();
    if (section == nullptr) {
        if (asked.empty()) return {};
        fail(path, "has no section [" + name + "]: `alcove login --profile " + name + "` writes one");
    }
    Settings settings;
    for (const auto& [key, value] : *section) {
        const auto text = value.value_exact<std::string>();
        std::string* member = key == "url"       ? &settings.url
                              : key == "token"   ? &settings.token
                              : key == "ca_file" ? &settings.ca_file
                                                 : nullptr;
        if (!text || member == nullptr) {
            fail(path,
                 "has something else than the texts url, token and ca_file in [" + name + "]: " + std::string(key));
        }
        *member = *text;
    }
    settings.url = parse_url(settings.url.empty() ? default_url : settings.url);
    if (!settings.token.empty()) settings.token = parse_token(settings.token);
    return settings;
}

// OpenSSL's prompt gives the terminal its echo back also when a signal comes.
std::string prompt_for_token() {
    char token[token_bytes_max + 1] = "";
    const int outcome = ::EVP_read_pw_string_min(token, 0, token_bytes_max, "Token: ", 0);
    const std::string out = token;
    ::OPENSSL_cleanse(token, sizeof token);
    if (outcome != 0) throw Failure(exit_failure, "no token was read from the terminal");
    return out;
}

std::string read_token() {
    if (::isatty(STDIN_FILENO) == 1) return parse_token(prompt_for_token());
    std::string token;
    std::getline(std::cin, token);
    if (token.ends_with('\r')) token.pop_back();
    return parse_token(token);
}

}  // namespace

std::filesystem::path profile_path(const Environment& environment) {
    const std::filesystem::path config = variable(environment, "XDG_CONFIG_HOME");
    // The XDG rules: a path that is not absolute is ignored.
    if (config.is_absolute()) return config / "alcove" / "profile.toml";
    const std::string home = variable(environment, "HOME");
    return home.empty() ? std::filesystem::path() : std::filesystem::path(home) / ".config/alcove/profile.toml";
}

std::string parse_url(const std::string& text) {
    const std::string complaint = "\"" + text + "\" is no URL of a server, such as " + default_url;
    const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
    const bool is_url = url && curl_url_set(url.get(), CURLUPART_URL, text.c_str(), 0) == CURLUE_OK;
    if (!is_url || (!text.starts_with("http://") && !text.starts_with("https://")))
        throw Failure(exit_usage, complaint);
    for (const auto part : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
        char* found = nullptr;
        const bool has = curl_url_get(url.get(), part, &found, 0) == CURLUE_OK;
        curl_free(found);
        if (has) throw Failure(exit_usage, complaint);
    }
    std::string out = text;
    const auto cut_slashes = [&out] {
        while (out.ends_with('/'))
            out.pop_back();
    };
    cut_slashes();
    if (constexpr std::string_view version = "/api/v1"; out.ends_with(version)) {
        out.resize(out.size() - version.size());
        cut_slashes();
    }
    return out;
}

std::string parse_token(const std::string& text) {
    if (text.empty()) throw Failure(exit_usage, "the token is empty");
    const bool fine = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
    if (!fine) throw Failure(exit_usage, "the token holds something else than letters, digits and signs");
    return text;
}

Settings find_settings(const SettingsFlags& flags, const Environment& environment) {
    Settings settings{.url = flags.url, .token = flags.token, .ca_file = flags.ca_file};
    if (settings.url.empty()) settings.url = variable(environment, "ALCOVE_URL");
    if (settings.token.empty()) settings.token = variable(environment, "ALCOVE_KEY");
    if (settings.ca_file.empty()) settings.ca_file = variable(environment, "ALCOVE_CA_FILE");
    if (!settings.url.empty()) settings.url = parse_url(settings.url);
    if (!settings.token.empty()) settings.token = parse_token(settings.token);

    const auto path = profile_path(environment);
    const bool asked = !flags.profile.empty();
    if (!path.empty() && (asked || settings.url.empty() || settings.token.empty())) {
        const Settings profile = read_profile(path, flags.profile);
        if (settings.url.empty()) settings.url = profile.url;
        if (settings.ca_file.empty()) settings.ca_file = profile.ca_file;
        // Else whoever makes somebody use another URL gets the token.
        if (settings.token.empty() && settings.url == profile.url) settings.token = profile.token;
    }
    if (settings.url.empty()) settings.url = default_url;
    return settings;
}

void save_profile(const std::filesystem::path& path, const std::string& profile, const Settings& settings) {
    toml::table file = read_file(path);
    toml::table section{{"url", settings.url}, {"token", settings.token}};
    if (!settings.ca_file.empty()) section.insert("ca_file", settings.ca_file);
    file.insert_or_assign(profile, std::move(section));
    std::ostringstream out;
    out << file << '\n';
    const std::string text = out.str();

    std::filesystem::create_directories(path.parent_path().parent_path());
    if (::mkdir(path.parent_path().c_str(), 0700) != 0 && errno != EEXIST)
        fail(path, "cannot be written: " + errno_text());
    const std::string draft = path.string() + "." + std::to_string(::getpid());
    bool written = false;
    {
        const Handle handle(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, own_mode));
        if (handle.number() < 0) fail(path, "cannot be written: " + errno_text());
        written = ::fchmod(handle.number(), own_mode) == 0 &&
                  ::write(handle.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                  ::fsync(handle.number()) == 0;
    }
    if (!written || ::rename(draft.c_str(), path.c_str()) != 0) {
        const std::string why = errno_text();
        ::unlink(draft.c_str());
        fail(path, "cannot be written: " + why);
    }
}

int login(const SettingsFlags& flags, const Environment& environment) {
    const auto path = profile_path(environment);
    if (path.empty()) throw Failure(exit_usage, "there is no folder for the profile: HOME is not set");
    const std::string profile = flags.profile.empty() ? default_profile : flags.profile;
    const std::string url = parse_url(flags.url);
    // The profile is used from other folders too.
    const std::string ca_file = flags.ca_file.empty() ? "" : std::filesystem::absolute(flags.ca_file).string();
    save_profile(path, profile, {.url = url, .token = read_token(), .ca_file = ca_file});
    std::printf("saved in %s as [%s]\n", path.c_str(), profile.c_str());
    return exit_ok;
}

}  // namespace alcove::cli

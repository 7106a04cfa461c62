// The commands of keys and namespaces.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "server/cli/commands.hpp"
#include "server/cli/file.hpp"
#include "server/cli/output.hpp"

namespace alcove::cli {

namespace {

using Kind = Field::Kind;
constexpr auto required = Field::Need::required;

const Field key_field{"key", "key", "behind -- when it begins with a dash", Kind::text, required};

const std::vector<Command>& table() {
    static const std::vector<Command> commands{
        {.noun = "kv",
         .verb = "list",
         .help = "Lists keys in byte order",
         .method = "GET",
         .path = "NS/kv",
         .fields = {{"--prefix", "prefix", ""},
                    {"--start", "start", "included"},
                    {"--end", "end", "not included"},
                    {"--delimiter", "delimiter", "what holds it behind the prefix is folded"},
                    {"--reverse", "reverse", "", Kind::flag},
                    {"--values", "values", "with the values", Kind::flag}},
         .member = "items",
         .columns = {"key", "version", "size", "contentType", "updatedAt", "expiresAt", "value"},
         .id = "key"},
        {.noun = "kv",
         .verb = "increment",
         .help = "Adds to a number",
         .method = "POST",
         .path = "NS/kv/{key}",
         .fields = {key_field, {"--by", "by", "1 when not given", Kind::number}},
         .id = "value",
         .operation = "increment"},
        {.noun = "kv",
         .verb = "append",
         .help = "Adds to the end of a text",
         .method = "POST",
         .path = "NS/kv/{key}",
         .fields = {key_field,
                    {"value", "value", "the text", Kind::text, required},
                    {"--separator", "separator", "between what is there and the text"}},
         .id = "version",
         .operation = "append"},
        {.noun = "namespace",
         .verb = "list",
         .help = "Lists those of a workspace that were ever written",
         .method = "GET",
         .path = "/workspaces/{workspace}/namespaces",
         .fields = {{"-w,--workspace", "workspace", "id or slug", Kind::text, required},
                    {"--scope", "scope", "workspace, end_user or external"},
                    {"--prefix", "prefix", "of the external key, with --scope external"}},
         .member = "namespaces",
         .columns = {"scope", "subject", "keys", "bytes", "files", "fileBytes", "lastWrittenAt"},
         .id = "subject"},
        {.noun = "namespace",
         .verb = "quota",
         .help = "Shows the quota and, when any limit is given, replaces it whole",
         .method = "PUT",
         .path = "NS/quota",
         .fields = {{"--bytes", "bytes", "of keys, values and files, or none", Kind::limit},
                    {"--keys", "keys", "of keys and files, or none", Kind::limit},
                    {"--writes-per-second", "writesPerSecond", "or none", Kind::limit}},
         .id = "quota",
         .reads_without_fields = true},
        {.noun = "namespace",
         .verb = "empty",
         .help = "Removes all keys and files at once",
         .method = "DELETE",
         .path = "NS/data",
         .id = "version",
         .question = "Remove all keys and files of {namespace}?"},
    };
    return commands;
}

struct KeyFlags {
    NamespaceFlags space{};
    std::string key{};
    std::string value{};
    std::string file{};
    std::string out{};
    std::string ttl{};
    std::string content_type{};
    std::string version{};
    bool absent = false;
};

Request key_request(const KeyFlags& flags, const std::string& method) {
    if (flags.key.empty()) throw Failure(exit_usage, "the key is empty");
    auto request = namespace_request(flags.space, method, "/kv/" + percent_encode(flags.key));
    if (!flags.version.empty()) request.headers.emplace_back("If-Match", "\"" + flags.version + "\"");
    if (flags.absent) request.headers.emplace_back("If-None-Match", "*");
    return request;
}

CLI::App& add_key_verb(CLI::App& app, Context& context, KeyFlags& flags, std::string_view verb,
                       std::string_view help, std::function<int()> run) {
    CLI::App& out = add_verb(app, context, "kv", verb, help, std::move(run));
    out.add_option("key", flags.key, "behind -- when it begins with a dash")->required();
    add_namespace_options(out, flags.space);
    add_settings_options(out, context);
    return out;
}

int get(Context& context, const KeyFlags& flags) {
    Client client(context.settings());
    const Request request = key_request(flags, "GET");
    if (!flags.out.empty()) {
        // What is there stays when there is no such key.
        std::unique_ptr<OutputFile> file;
        const auto open = [&] {
            if (!file) file = std::make_unique<OutputFile>(flags.out, OutputFile::Mode::replace);
        };
        client.expect(request, [&](std::string_view piece) {
            open();
            file->write(piece);
        });
        open();
        file->finish();
    } else if (::isatty(STDOUT_FILENO) == 1) {
        // A terminal obeys control characters: they are shown instead.
        print_line(printable(client.expect(request).body, LineBreaks::kept));
    } else {
        client.expect(request, [](std::string_view piece) { print(piece); });
    }
    return exit_ok;
}

// "7" of "\"7\"".
std::string version_of(const Response& response) {
    const std::string tag = response.header("etag");
    return tag.size() < 2 ? tag : tag.substr(1, tag.size() - 2);
}

void show_version(const Context& context, const std::string& version) {
    const std::string text = printable(version);
    switch (context.output()) {
        case Output::json:
            return print_line("{\"version\":\"" + text + "\"}");
        case Output::ids:
            return print_line(text);
        case Output::table:
            return print_line("version " + text);
    }
}

int put(Context& context, const KeyFlags& flags, bool has_value) {
    if (has_value == !flags.file.empty())
        throw Failure(exit_usage, "give one of VALUE, --file FILE, or - for stdin");
    Request request = key_request(flags, "PUT");
    if (!flags.ttl.empty()) request.query.emplace_back("ttl", flags.ttl);
    const bool from_file = !has_value || flags.value == "-";
    request.headers.emplace_back("Content-Type", !flags.content_type.empty() ? flags.content_type
                                                 : from_file                 ? "application/octet-stream"
                                                                             : "text/plain; charset=utf-8");
    std::unique_ptr<InputFile> file;
    std::string_view rest = flags.value;
    if (from_file) {
        file = std::make_unique<InputFile>(has_value ? "-" : flags.file);
        request.source_bytes = file->size();
        request.source = [&](char* buffer, std::size_t size) { return file->read(buffer, size); };
    } else {
        request.source_bytes = rest.size();
        request.source = [&](char* buffer, std::size_t size) {
            const std::size_t taken = rest.copy(buffer, size);
            rest.remove_prefix(taken);
            return taken;
        };
    }
    Client client(context.settings());
    show_version(context, version_of(client.expect(request)));
    return exit_ok;
}

int remove(Context& context, const KeyFlags& flags) {
    Client client(context.settings());
    client.expect(key_request(flags, "DELETE"));
    switch (context.output()) {
        case Output::json:
            print_line("{\"deleted\":true}");
            break;
        case Output::ids:
            break;
        case Output::table:
            print_line("deleted " + printable(flags.key));
            break;
    }
    return exit_ok;
}

void add_condition(CLI::App& verb, KeyFlags& flags) {
    verb.add_option("--if-version", flags.version, "only while it has this version");
}

}  // namespace

void add_kv_commands(CLI::App& app, Context& context) {
    const auto getting = std::make_shared<KeyFlags>();
    add_key_verb(app, context, *getting, "get", "Writes a value, byte by byte, to stdout", [&context, getting] {
        return get(context, *getting);
    }).add_option("-o,--output", getting->out, "to this file instead");

    const auto putting = std::make_shared<KeyFlags>();
    const auto value = std::make_shared<CLI::Option*>(nullptr);
    CLI::App& put_verb = add_key_verb(app, context, *putting, "put", "Sets a value", [&context, putting, value] {
        return put(context, *putting, (*value)->count() != 0);
    });
    *value = put_verb.add_option("value", putting->value, "a text, or - for stdin");
    put_verb.add_option("-f,--file", putting->file, "the bytes of a file");
    put_verb.add_option("--ttl", putting->ttl, "seconds after which it is gone");
    put_verb.add_option("--content-type", putting->content_type,
                        "else text/plain, of a file and of stdin application/octet-stream");
    add_condition(put_verb, *putting);
    put_verb.add_flag("--if-absent", putting->absent, "only while there is no such key");
    add_output_options(put_verb, context);

    const auto deleting = std::make_shared<KeyFlags>();
    CLI::App& delete_verb = add_key_verb(app, context, *deleting, "delete", "Deletes a key",
                                         [&context, deleting] { return remove(context, *deleting); });
    add_condition(delete_verb, *deleting);
    add_output_options(delete_verb, context);

    for (const Command& command : table())
        add_command(app, context, command);
}

}  // namespace alcove::cli

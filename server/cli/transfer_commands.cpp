// `alcove namespace export` and `import`: any amount, in constant memory, resumed by a cursor.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>

#include "scopes/json_writer.hpp"
#include "server/cli/export_lines.hpp"
#include "server/cli/file.hpp"
#include "server/cli/output.hpp"
#include "server/cli/progress.hpp"
#include "server/cli/remote.hpp"

namespace alcove::cli {

namespace {

namespace json = scopes::json;

constexpr auto save_interval = std::chrono::seconds(1);

struct TransferFlags {
    NamespaceFlags space{};
    std::string file{};
    std::string prefix{};
    bool resume = false;
    bool if_absent = false;
    bool no_progress = false;
};

Progress::Mode progress_mode(const TransferFlags& flags) {
    return !flags.no_progress && ::isatty(STDERR_FILENO) == 1 ? Progress::Mode::on : Progress::Mode::off;
}

// How far a transfer came, kept beside its file.
struct State {
    std::string operation{};  // export or import
    ExportLines::Mark mark{};
};

std::string state_file(const TransferFlags& flags) {
    return flags.file + ".cursor";
}

void save_state(const TransferFlags& flags, const State& state) {
    std::string text;
    json::Writer(text)
        .open_object()
        .member("operation", state.operation)
        .member("cursor", state.mark.cursor)
        .name("bytes")
        .number(state.mark.bytes)
        .name("keys")
        .number(state.mark.keys)
        .close_object();
    replace_file(state_file(flags), text + "\n");
}

std::optional<State> load_state(const TransferFlags& flags) {
    const auto text = read_small_file(state_file(flags));
    if (!text) return std::nullopt;
    const auto document = json::Document::parse(*text);
    const auto broken = Failure(exit_failure, state_file(flags) + " is not what was saved there");
    if (!document || document->root().type != json::Type::object) throw broken;
    State state;
    const auto text_of = [&](std::string_view name) {
        const auto* value = document->member(document->root(), name);
        if (value == nullptr || value->type != json::Type::string) throw broken;
        return std::string(value->text);
    };
    const auto number_of = [&](std::string_view name) {
        const auto* value = document->member(document->root(), name);
        std::uint64_t out = 0;
        if (value == nullptr) throw broken;
        const auto end = value->raw.data() + value->raw.size();
        if (std::from_chars(value->raw.data(), end, out).ptr != end) throw broken;
        return out;
    };
    state.operation = text_of("operation");
    state.mark = {text_of("cursor"), number_of("bytes"), number_of("keys")};
    return state;
}

void forget_state(const TransferFlags& flags) {
    ::unlink(state_file(flags).c_str());
}

// What --resume goes on with. Throws Failure when there is nothing.
State state_to_resume(const TransferFlags& flags, const std::string& operation) {
    if (flags.file == "-") throw Failure(exit_usage, "--resume needs a file");
    auto state = load_state(flags);
    if (!state || state->operation != operation)
        throw Failure(exit_failure, "there is no " + operation + " of " + flags.file + " to go on with");
    return *std::move(state);
}

std::optional<std::uint64_t> key_count(Client& client, const TransferFlags& flags) {
    const auto answer = client.send(namespace_request(flags.space, "GET", "/quota"));
    if (!answer.is_success()) return std::nullopt;
    const auto document = parse_answer(answer.body);
    const auto* usage = document.member(document.root(), "usage");
    const auto* keys = usage == nullptr ? nullptr : document.member(*usage, "keys");
    std::uint64_t out = 0;
    if (keys == nullptr) return std::nullopt;
    std::from_chars(keys->raw.data(), keys->raw.data() + keys->raw.size(), out);
    return out;
}

class Export {
public:
    Export(Client& client, const TransferFlags& flags)
        : client_(client),
          flags_(flags),
          state_(flags.resume ? state_to_resume(flags, "export") : State{.operation = "export"}),
          lines_(state_.mark.bytes, state_.mark.keys) {
        if (to_stdout() && ::isatty(STDOUT_FILENO) == 1)
            throw Failure(exit_usage, "an export goes to a file or a pipe, not to a terminal");
    }

    void run() {
        const auto mode = progress_mode(flags_);
        const bool whole = mode == Progress::Mode::on && flags_.prefix.empty();
        Progress progress(mode, "exported", whole ? key_count(client_, flags_) : std::nullopt);
        auto request = namespace_request(flags_.space, "GET", "/export");
        if (!flags_.prefix.empty()) request.query.emplace_back("prefix", flags_.prefix);
        if (flags_.resume) request.query.emplace_back("cursor", state_.mark.cursor);
        try {
            client_.expect(request, [&](std::string_view piece) {
                open();
                file_->write(piece);
                lines_.pass(piece);
                if (std::chrono::steady_clock::now() - saved_ >= save_interval) save();
                progress.update(lines_.keys(), lines_.keys(), lines_.bytes());
            });
            if (!lines_.complete()) throw Failure(exit_failure, "the export was cut off");
        } catch (const Failure& failure) {
            if (!save()) throw;
            throw Failure(failure.status(), std::string(failure.what()) + "; --resume goes on");
        }
        file_->sync();
        file_->finish();
        if (!to_stdout()) forget_state(flags_);
    }

    std::uint64_t keys() const { return lines_.keys(); }

private:
    bool to_stdout() const { return flags_.file == "-"; }

    // Not before the server has something: what is there stays when it refuses.
    void open() {
        if (file_) return;
        if (!to_stdout() && !flags_.resume) forget_state(flags_);
        file_.emplace(flags_.file, flags_.resume ? OutputFile::Mode::go_on : OutputFile::Mode::replace);
        if (flags_.resume) file_->cut(state_.mark.bytes);
    }

    // Whether there is something to go on with. The file is on the disk before the cursor says so.
    bool save() {
        saved_ = std::chrono::steady_clock::now();
        if (to_stdout()) return false;
        if (file_ && lines_.mark() && lines_.mark()->bytes > state_.mark.bytes) {
            state_.mark = *lines_.mark();
            file_->sync();
            save_state(flags_, state_);
        }
        return !state_.mark.cursor.empty();
    }

    Client& client_;
    const TransferFlags& flags_;
    State state_;
    ExportLines lines_;
    std::optional<OutputFile> file_{};
    std::chrono::steady_clock::time_point saved_ = std::chrono::steady_clock::now();
};

// The cursor in the details of a failed import; empty when there is none.
std::string cursor_of_failure(const Response& answer) {
    const auto document = json::Document::parse(answer.body);
    if (!document || document->root().type != json::Type::object) return {};
    const auto* details = document->member(document->root(), "details");
    const auto* cursor = details == nullptr ? nullptr : document->member(*details, "cursor");
    return cursor == nullptr ? std::string() : std::string(cursor->text);
}

Response import_from(Client& client, const TransferFlags& flags, InputFile& file, ExportLines& lines) {
    auto request = namespace_request(flags.space, "POST", "/import");
    if (flags.if_absent) request.query.emplace_back("ifAbsent", "true");
    if (flags.resume) request.query.emplace_back("cursor", state_to_resume(flags, "import").mark.cursor);
    request.headers.emplace_back("Content-Type", "application/x-ndjson");
    request.source_bytes = file.size();
    Progress progress(progress_mode(flags), "sent", file.size());
    request.source = [&](char* buffer, std::size_t size) {
        const std::size_t got = file.read(buffer, size);
        lines.pass({buffer, got});
        progress.update(lines.bytes(), lines.keys(), lines.bytes());
        return got;
    };
    return client.send(request);
}

int run_import(const Context& context, const TransferFlags& flags) {
    const bool from_stdin = flags.file == "-";
    if (const auto state = from_stdin ? std::nullopt : load_state(flags); state && state->operation == "export")
        throw Failure(exit_usage, flags.file + " is an export that was cut off: finish it, or delete " +
                                      state_file(flags) + " to import what there is");
    Client client(context.settings());
    InputFile file(flags.file);
    ExportLines lines;
    const auto answer = [&] {
        try {
            return import_from(client, flags, file, lines);
        } catch (const Failure& failure) {
            if (lines.bytes() == 0) throw;
            // Nobody knows how far it came.
            throw Failure(failure.status(),
                          std::string(failure.what()) + "; part of it may be there, and may be sent again");
        }
    }();
    if (!answer.is_success()) {
        const auto failure = failure_of(answer);
        const auto cursor = from_stdin ? std::string() : cursor_of_failure(answer);
        if (cursor.empty()) throw failure;
        save_state(flags, {.operation = "import", .mark = {.cursor = cursor}});
        throw Failure(failure.status(), std::string(failure.what()) + "; --resume goes on");
    }
    if (!from_stdin) forget_state(flags);
    // Lines that were written by hand hold no cursors.
    if (lines.mark() && !lines.complete())
        std::fputs("the file is an export that was cut off: there was more\n", stderr);
    if (context.output() == Output::json) {
        print_line(answer.body);
        return exit_ok;
    }
    const auto document = parse_answer(answer.body);
    const auto number = [&](std::string_view name) { return cell_of(document.member(document.root(), name)); };
    print_line("imported " + number("imported") + ", skipped " + number("skipped"));
    return exit_ok;
}

int run_export(const Context& context, const TransferFlags& flags) {
    Client client(context.settings());
    Export transfer(client, flags);
    transfer.run();
    std::fprintf(stderr, "exported %llu keys\n", static_cast<unsigned long long>(transfer.keys()));
    return exit_ok;
}

void add_transfer_options(CLI::App& verb, Context& context, TransferFlags& flags, const std::string& file_help) {
    verb.add_option("file", flags.file, file_help)->required();
    verb.add_flag("--resume", flags.resume, "go on where it was cut off, as FILE.cursor says");
    verb.add_flag("--no-progress", flags.no_progress, "no line on the terminal about how far it is");
    add_namespace_options(verb, flags.space);
    add_settings_options(verb, context);
}

}  // namespace

void add_transfer_commands(CLI::App& app, Context& context) {
    const auto out = std::make_shared<TransferFlags>();
    CLI::App& exporting = add_verb(app, context, "namespace", "export", "Writes all keys as lines of JSON",
                                   [&context, out] { return run_export(context, *out); });
    add_transfer_options(exporting, context, *out, "where to, or - for stdout");
    exporting.add_option("--prefix", out->prefix, "only keys that begin so");

    const auto in = std::make_shared<TransferFlags>();
    CLI::App& importing = add_verb(app, context, "namespace", "import", "Sets keys from the lines of an export",
                                   [&context, in] { return run_import(context, *in); });
    add_transfer_options(importing, context, *in, "where from, or - for stdin");
    importing.add_flag("--if-absent", in->if_absent, "keys that exist stay as they are");
    add_output_options(importing, context);
}

}  // namespace alcove::cli

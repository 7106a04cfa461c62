// `alcove backup`, `alcove restore` and `alcove compact`: what is done to a whole data folder.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>

#include "kv/backup/reader.hpp"
#include "kv/backup/writer.hpp"
#include "kv/error.hpp"
#include "kv/lmdb/backup.hpp"
#include "kv/lmdb/compact.hpp"
#include "kv/lmdb/restore.hpp"
#include "scopes/json_writer.hpp"
#include "server/cli/cli.hpp"
#include "server/cli/interruption.hpp"
#include "server/cli/output.hpp"
#include "server/cli/progress.hpp"
#include "server/master_key.hpp"

namespace alcove::cli {

namespace {

namespace json = scopes::json;
using Clock = std::chrono::steady_clock;

struct Interrupted {};

// Runs what takes long, with its progress on a terminal. A signal ends it in between, so that it can clear up.
template <class Work>
auto run_long(const char* verb, Telling telling, Work work) {
    const bool shown = !telling.quiet && !telling.json && ::isatty(STDERR_FILENO) == 1;
    const Interruption interruption;
    try {
        Progress progress(shown ? Progress::Mode::on : Progress::Mode::off, verb, {}, "files");
        return work([&](const kv::backup::Progress& done) {
            if (Interruption::caught_signal() != 0) throw Interrupted();
            progress.set_total(done.bytes_total);
            progress.update(done.bytes, done.files, done.bytes);
        });
    } catch (const Interrupted&) {
        end_by(Interruption::caught_signal());
    } catch (const kv::StoreFailure&) {
        // Maybe because a wait was cut short.
        if (Interruption::caught_signal() != 0) end_by(Interruption::caught_signal());
        throw;
    }
}

std::string mib(std::uint64_t bytes) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / (1 << 20));
    return text;
}

std::string seconds_since(Clock::time_point begin) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", std::chrono::duration<double>(Clock::now() - begin).count());
    return text;
}

// To stdout, unless an archive goes there.
void tell(const std::string& line, bool to_stdout) {
    if (to_stdout) return print_line(line);
    std::fprintf(stderr, "%s\n", line.c_str());
}

void print_notice(std::string_view text) {
    std::fprintf(stderr, "alcove: %s\n", printable(text).c_str());
}

kv::BackupReport back_up_to(const Config& config, const BackupPlaces& places,
                            const kv::backup::TellProgress& progress) {
    const kv::BackupOptions options{.directory = config.data, .program_version = ALCOVE_VERSION, .tell = progress};
    const auto& scratch = places.scratch_folder.empty() ? config.data : places.scratch_folder;
    const auto writer = places.target == "-" ? kv::backup::write_tar(STDOUT_FILENO, scratch)
                                             : kv::backup::write_folder(places.target);
    return kv::back_up(options, *writer);
}

kv::RestoreReport restore_from(const Config& config, const std::string& source,
                               const kv::backup::TellProgress& progress) {
    const kv::RestoreOptions options{.directory = config.data,
                                     .map_bytes = config.map_bytes,
                                     .segment_bytes = config.segment_bytes,
                                     .tell = progress,
                                     .notice = print_notice};
    if (source == "-") return kv::restore(*kv::backup::read_tar(STDIN_FILENO), options);
    if (std::filesystem::is_directory(source)) return kv::restore(*kv::backup::read_folder(source), options);
    const kv::Descriptor file(kv::backup::open_file(source));
    return kv::restore(*kv::backup::read_tar(file.get()), options);
}

}  // namespace

int back_up(const Config& config, const BackupPlaces& places, Telling telling) {
    const bool to_stdout = places.target == "-";
    if (to_stdout && ::isatty(STDOUT_FILENO) == 1)
        throw Failure(exit_usage, "a backup goes to a folder, a file or a pipe, not to a terminal");
    const auto begin = Clock::now();
    const auto report = run_long("copied", telling, [&](const kv::backup::TellProgress& progress) {
        return back_up_to(config, places, progress);
    });
    const auto seconds = seconds_since(begin);
    if (telling.json) {
        std::string text;
        json::Writer writer(text);
        writer.open_object().member("version", std::to_string(report.version));
        writer.name("files").number(report.files).name("bytes").number(report.bytes).name("seconds").raw(seconds);
        writer.member("target", places.target).close_object();
        tell(text, !to_stdout);
    } else if (!telling.quiet) {
        tell("backed up version " + std::to_string(report.version) + ": " + std::to_string(report.files) +
                 " files, " + mib(report.bytes) + " in " + seconds + " s\n" + "The master key " +
                 printable(master_key_path(config).native()) + " is not in it: keep a copy of it elsewhere.",
             !to_stdout);
    }
    return exit_ok;
}

int restore(const Config& config, const std::string& source, Telling telling) {
    const auto begin = Clock::now();
    const auto report = run_long("restored", telling, [&](const kv::backup::TellProgress& progress) {
        return restore_from(config, source, progress);
    });
    const auto seconds = seconds_since(begin);
    if (telling.json) {
        std::string text;
        json::Writer writer(text);
        writer.open_object().member("backedUpVersion", std::to_string(report.backed_up));
        writer.member("version", std::to_string(report.version)).member("epoch", report.epoch);
        writer.name("files").number(report.files).name("bytes").number(report.bytes).name("seconds").raw(seconds);
        writer.close_object();
        print_answer(text);
    } else if (!telling.quiet) {
        print_line("restored version " + std::to_string(report.backed_up) + ": " + std::to_string(report.files) +
                   " files, " + mib(report.bytes) + " in " + seconds + " s; versions go on behind " +
                   std::to_string(report.version));
        const auto key = master_key_path(config);
        if (!std::filesystem::exists(key))
            print_line("Put the master key back into " + printable(key.native()) + " before a server starts.");
    }
    return exit_ok;
}

int compact(const Config& config, Telling telling) {
    const auto begin = Clock::now();
    const auto report = run_long("written", telling, [&](const kv::backup::TellProgress& progress) {
        return kv::compact(config.data, progress);
    });
    const auto seconds = seconds_since(begin);
    if (telling.json) {
        std::string text;
        json::Writer writer(text);
        writer.open_object().name("bytesBefore").number(report.bytes_before);
        writer.name("bytesAfter").number(report.bytes_after).name("seconds").raw(seconds).close_object();
        print_answer(text);
    } else if (!telling.quiet) {
        print_line("the index had " + mib(report.bytes_before) + " and has " + mib(report.bytes_after) +
                   " now, in " + seconds + " s");
    }
    return exit_ok;
}

}  // namespace alcove::cli

// `alcove check`: reads all of a data folder that no server uses, and says what does not fit together.
#include <cstdio>

#include "kv/lmdb/check.hpp"
#include "scopes/json_writer.hpp"
#include "server/cli/cli.hpp"
#include "server/cli/output.hpp"

namespace alcove::cli {

namespace {

std::string json_of(const kv::CheckReport& report) {
    std::string text;
    scopes::json::Writer writer(text);
    writer.open_object().name("clean").boolean(report.clean());
    writer.name("namespaces").number(report.namespaces).name("keys").number(report.keys);
    writer.name("bytes").number(report.bytes).name("files").number(report.files);
    writer.name("fileBytes").number(report.file_bytes).name("blobs").number(report.blobs);
    writer.name("strayBlobs").number(report.stray_blobs).name("expiries").number(report.expiries);
    writer.name("changes").number(report.changes).name("segments").number(report.segments);
    writer.name("commits").number(report.commits).name("problemsTotal").number(report.problems_total);
    writer.name("problems").open_array();
    for (const auto& problem : report.problems)
        writer.string(problem);
    writer.close_array().close_object();
    return text;
}

void show(const kv::CheckReport& report) {
    for (const auto& problem : report.problems)
        print_line(printable(problem));
    const auto count = [](std::uint64_t number) { return std::to_string(number); };
    print_line(count(report.namespaces) + " namespaces, " + count(report.keys) + " keys, " + count(report.files) +
               " files, " + count(report.changes) + " changes and " + count(report.commits) + " commits in " +
               count(report.segments) + " segments looked at");
    if (report.stray_blobs != 0) {
        print_line(count(report.stray_blobs) + " contents that no file names will be removed by the next start");
    }
    print_line(report.clean() ? "no problems" : count(report.problems_total) + " problems");
}

}  // namespace

int check(const Config& config, bool json) {
    kv::EngineOptions options{.directory = config.data};
    options.map_bytes = config.map_bytes;
    options.segment_bytes = config.segment_bytes;
    options.notice = [](std::string_view text) { std::fprintf(stderr, "alcove: %s\n", printable(text).c_str()); };
    const auto report = kv::check_store(std::move(options));
    if (json) {
        print_answer(json_of(report));
    } else {
        show(report);
    }
    return report.clean() ? exit_ok : exit_failure;
}

}  // namespace alcove::cli

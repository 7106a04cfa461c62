// The change index: where in the log the commits of a namespace are.
#include "kv/lmdb/change_runs.hpp"

#include "kv/encoding.hpp"
#include "kv/error.hpp"

namespace alcove::kv {

namespace {

// A page of changes that begins inside a run reads the whole of it, so it stays short.
constexpr std::uint64_t run_commits_max = 64;
constexpr std::uint64_t run_bytes_max = std::uint64_t{64} << 10;

bool goes_on(const ChangeRun& run, NamespaceId id, Version version, std::uint64_t bytes) {
    return run.id == id && run.end() == version && run.commits < run_commits_max &&
           run.bytes + bytes <= run_bytes_max;
}

}  // namespace

std::string ChangeRun::encoded_value() const {
    std::string out;
    Encoder encoder(out);
    encoder.varint(at.segment);
    encoder.varint(at.offset);
    encoder.varint(commits);
    encoder.varint(bytes);
    return out;
}

ChangeRun decode_change_run(std::string_view key, std::string_view value) {
    Decoder decoder(value);
    ChangeRun run;
    run.at.segment = decoder.varint();
    run.at.offset = decoder.varint();
    run.commits = decoder.varint();
    run.bytes = decoder.varint();
    if (key.size() != 2 * sizeof(std::uint64_t) || !decoder.ok())
        throw StoreFailure("an entry of the change index is damaged");
    run.id = load_be64(key.data());
    run.first = load_be64(key.data() + sizeof run.id);
    return run;
}

void ChangeRuns::add(NamespaceId id, Version version, log::Position at, std::uint64_t bytes) {
    if (runs_.empty() || !goes_on(runs_.back(), id, version, bytes))
        runs_.push_back({.id = id, .first = version, .commits = 0, .at = at, .bytes = 0});
    runs_.back().commits += 1;
    runs_.back().bytes += bytes;
}

void ChangeRuns::put_into(Overlay& overlay) {
    for (const ChangeRun& run : runs_)
        overlay.put(change_key(run.id, run.first), run.end() - 1, run.encoded_value());
    runs_.clear();
}

}  // namespace alcove::kv

// The change index: where in the log the commits of a namespace are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kv/lmdb/tables.hpp"
#include "kv/log/commit_log.hpp"
#include "kv/overlay/overlay.hpp"

namespace alcove::kv {

// Commits of one namespace that stand right behind one another in one group of the log, at consecutive versions.
// The index has one entry for each run: its key is the change_key of the first commit, its value the rest. Who
// writes much in one namespace fills whole groups, and would else pay for a second entry with each commit.
struct ChangeRun {
    NamespaceId id = 0;
    Version first = 0;
    std::uint64_t commits = 0;
    log::Position at;         // where the first one's record begins
    std::uint64_t bytes = 0;  // of all records, framed

    Version end() const { return first + commits; }
    std::string encoded_value() const;
};

// `key` without the table's number. Throws StoreFailure when the bytes are no run.
ChangeRun decode_change_run(std::string_view key, std::string_view value);

// The runs of the group that is being logged or replayed.
class ChangeRuns {
public:
    // Commits are added in order; `bytes` is the size of the framed record.
    void add(NamespaceId id, Version version, log::Position at, std::uint64_t bytes);

    // Puts the runs into the overlay and begins anew.
    void put_into(Overlay& overlay);

private:
    std::vector<ChangeRun> runs_;
};

}  // namespace alcove::kv

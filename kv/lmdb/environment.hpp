// LMDB behind C++ types: the environment, its transactions and cursors. Errors are StoreFailure.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kv/error.hpp"
#include "kv/lmdb/map_ahead.hpp"
#include "kv/lmdb/tables.hpp"

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace alcove::kv {

class Environment;

// No room for a write: the disk is full. The transaction is gone; it can be tried again later.
class IndexFull : public StoreFailure {
public:
    using StoreFailure::StoreFailure;
};

// A snapshot of the index. Views from it hold until it goes. Any thread, one at a time.
class ReadTransaction {
public:
    ReadTransaction(ReadTransaction&& other) noexcept
        : environment_(std::exchange(other.environment_, nullptr)),
          txn_(std::exchange(other.txn_, nullptr)),
          generation_(other.generation_) {}
    ReadTransaction& operator=(ReadTransaction&&) = delete;
    ~ReadTransaction();

    // `key` has the table's number in front.
    std::optional<std::string_view> get(std::string_view key) const;

private:
    friend class Environment;
    friend class TableCursor;
    ReadTransaction(Environment& environment, MDB_txn* txn, std::uint64_t generation)
        : environment_(&environment), txn_(txn), generation_(generation) {}

    Environment* environment_;
    MDB_txn* txn_;
    std::uint64_t generation_;
};

// Walks one table of a snapshot. Keys are given and returned with the table's number in front for seeking, and
// without it by key().
class TableCursor {
public:
    TableCursor(const ReadTransaction& txn, Table table);
    TableCursor(TableCursor&& other) noexcept
        : cursor_(std::exchange(other.cursor_, nullptr)),
          valid_(other.valid_),
          key_(other.key_),
          value_(other.value_) {}
    TableCursor& operator=(TableCursor&&) = delete;
    ~TableCursor();

    bool valid() const { return valid_; }
    std::string_view key() const { return key_; }
    std::string_view value() const { return value_; }
    void seek_at_least(std::string_view key);
    void seek_below(std::string_view key);
    void seek_last();
    void next();
    void previous();

private:
    void move(int operation, std::string_view key);

    MDB_cursor* cursor_ = nullptr;
    bool valid_ = false;
    std::string_view key_;
    std::string_view value_;
};

// The one writing transaction. Begins and ends on one thread; aborted unless committed.
class WriteTransaction {
public:
    explicit WriteTransaction(Environment& environment);
    WriteTransaction(const WriteTransaction&) = delete;
    WriteTransaction& operator=(const WriteTransaction&) = delete;
    ~WriteTransaction();

    std::optional<std::string_view> get(std::string_view key) const;
    void put(std::string_view key, std::string_view value);
    void erase(std::string_view key);  // no error when it is absent
    void clear(Table table);

    // The first keys in [lower, upper), at most `keys_max`, with the table's number in front. Both begin with that
    // of one table; the upper end may be the next table's number.
    std::vector<std::string> keys_between(std::string_view lower, std::string_view upper,
                                          std::size_t keys_max) const;

    void commit();

private:
    MDB_cursor* cursor(Table table);

    Environment& environment_;
    MDB_txn* txn_ = nullptr;
    // Kept, since most keys are put in order: the next one is often in the page where the last one went. LMDB
    // closes them with the transaction.
    std::array<MDB_cursor*, table_count> cursors_{};
};

class Environment {
public:
    // All databases are opened here, once. The map is address space only: it reserves nothing on the disk.
    // `disk_is_full` tells whether a write that was cut short is want of room rather than a broken disk.
    Environment(
        const std::filesystem::path& folder, std::uint64_t map_bytes,
        std::function<bool()> disk_is_full = [] { return false; });

    // For reading alone an index that is there, which another process may have open and write to. map_ahead() must
    // not be called.
    static Environment read_only(const std::filesystem::path& folder);
    ~Environment();
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

    ReadTransaction read();

    // Maps pages that were written since they were read last. The applier's.
    void map_ahead();

    // Writes a compact copy of the newest snapshot to a file or a pipe. What it frees meanwhile the index cannot
    // use again before it is written.
    void copy_to(int descriptor);

    // Snapshots of processes that died no longer keep pages from being used again.
    void forget_dead_readers();

    // Of the file's pages, those that hold data: what was ever used less what is free again.
    std::uint64_t used_bytes();

    std::uint64_t entries(Table table);

    unsigned database(Table table) const { return databases_[static_cast<int>(table)]; }
    MDB_env* handle() const { return env_; }

private:
    friend class ReadTransaction;
    friend class WriteTransaction;

    enum class Access : std::uint8_t { write, read };
    Environment(const std::filesystem::path& folder, std::uint64_t map_bytes, Access access,
                std::function<bool()> disk_is_full);

    // A commit was made: whoever reads from now on must see it.
    void committed();

    const std::function<bool()> disk_is_full_;
    MDB_env* env_ = nullptr;
    unsigned databases_[table_count]{};
    std::optional<MapAhead> map_ahead_;  // once it is open

    // Read transactions that nobody uses. As long as no commit came between, the next reader takes one as it is:
    // its snapshot is still the newest, so it holds back no page. After a commit they are reset, to be renewed.
    std::mutex mutex_;
    std::vector<MDB_txn*> current_;
    std::vector<MDB_txn*> reset_;
    std::uint64_t generation_ = 0;  // of the newest commit
};

}  // namespace alcove::kv

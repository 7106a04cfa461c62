// LMDB behind C++ types.
#include "kv/lmdb/environment.hpp"

#include <lmdb.h>

#include <cerrno>
#include <string>

namespace alcove::kv {

namespace {

constexpr unsigned readers_max = 510;
constexpr std::size_t idle_transactions_max = 64;

// How much an index may grow between two looks at it.
constexpr std::uint64_t growth_bytes = std::uint64_t{32} << 30;

MDB_val to_val(std::string_view bytes) {
    return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view to_view(const MDB_val& val) {
    return {static_cast<const char*>(val.mv_data), val.mv_size};
}

void check(int code, const char* what) {
    if (code == 0) return;
    const std::string message = std::string("the index cannot ") + what + ": " + mdb_strerror(code);
    if (code == ENOSPC || code == EDQUOT || code == MDB_MAP_FULL || code == MDB_TXN_FULL) throw IndexFull(message);
    throw StoreFailure(message);
}

std::optional<std::string_view> get(MDB_txn* txn, const Environment& environment, std::string_view key) {
    MDB_val name = to_val(key.substr(1));
    MDB_val value;
    const int code = mdb_get(txn, environment.database(static_cast<Table>(key[0])), &name, &value);
    if (code == MDB_NOTFOUND) return std::nullopt;
    check(code, "read");
    return to_view(value);
}

}  // namespace

ReadTransaction::~ReadTransaction() {
    if (!txn_) return;
    {
        const std::lock_guard lock(environment_->mutex_);
        const bool newest = generation_ == environment_->generation_;
        auto& idle = newest ? environment_->current_ : environment_->reset_;
        if (!newest) mdb_txn_reset(txn_);
        if (idle.size() < idle_transactions_max) {
            idle.push_back(txn_);
            return;
        }
    }
    mdb_txn_abort(txn_);
}

std::optional<std::string_view> ReadTransaction::get(std::string_view key) const {
    return kv::get(txn_, *environment_, key);
}

TableCursor::TableCursor(const ReadTransaction& txn, Table table) {
    check(mdb_cursor_open(txn.txn_, txn.environment_->database(table), &cursor_), "open a cursor");
}

TableCursor::~TableCursor() {
    if (cursor_) mdb_cursor_close(cursor_);
}

void TableCursor::move(int operation, std::string_view key) {
    MDB_val name = to_val(key);
    MDB_val value;
    const int code = mdb_cursor_get(cursor_, &name, &value, static_cast<MDB_cursor_op>(operation));
    valid_ = code == 0;
    if (code == MDB_NOTFOUND) return;
    check(code, "walk");
    key_ = to_view(name);
    value_ = to_view(value);
}

void TableCursor::seek_at_least(std::string_view key) {
    const std::string_view name = key.substr(1);
    move(name.empty() ? MDB_FIRST : MDB_SET_RANGE, name);
}

void TableCursor::seek_below(std::string_view key) {
    seek_at_least(key);
    move(valid_ ? MDB_PREV : MDB_LAST, {});
}

void TableCursor::seek_last() {
    move(MDB_LAST, {});
}

void TableCursor::next() {
    move(MDB_NEXT, {});
}

void TableCursor::previous() {
    move(MDB_PREV, {});
}

WriteTransaction::WriteTransaction(Environment& environment) : environment_(environment) {
    check(mdb_txn_begin(environment.handle(), nullptr, 0, &txn_), "begin a write");
}

WriteTransaction::~WriteTransaction() {
    if (txn_) mdb_txn_abort(txn_);
}

std::optional<std::string_view> WriteTransaction::get(std::string_view key) const {
    return kv::get(txn_, environment_, key);
}

void WriteTransaction::put(std::string_view key, std::string_view value) {
    MDB_val name = to_val(key.substr(1));
    MDB_val data = to_val(value);
    check(mdb_cursor_put(cursor(static_cast<Table>(key[0])), &name, &data, 0), "write");
}

MDB_cursor* WriteTransaction::cursor(Table table) {
    MDB_cursor*& cursor = cursors_[static_cast<std::size_t>(table)];
    if (cursor == nullptr) check(mdb_cursor_open(txn_, environment_.database(table), &cursor), "open a cursor");
    return cursor;
}

void WriteTransaction::erase(std::string_view key) {
    MDB_val name = to_val(key.substr(1));
    const int code = mdb_del(txn_, environment_.database(static_cast<Table>(key[0])), &name, nullptr);
    if (code != MDB_NOTFOUND) check(code, "delete");
}

void WriteTransaction::clear(Table table) {
    check(mdb_drop(txn_, environment_.database(table), 0), "empty a database");
}

std::vector<std::string> WriteTransaction::keys_between(std::string_view lower, std::string_view upper,
                                                        std::size_t keys_max) const {
    std::vector<std::string> keys;
    MDB_cursor* cursor = nullptr;
    check(mdb_cursor_open(txn_, environment_.database(static_cast<Table>(lower[0])), &cursor), "open a cursor");
    MDB_val name = to_val(lower.substr(1));
    MDB_val value;
    int code = mdb_cursor_get(cursor, &name, &value, lower.size() == 1 ? MDB_FIRST : MDB_SET_RANGE);
    while (code == 0 && keys.size() < keys_max) {
        std::string key = std::string(lower.substr(0, 1)).append(to_view(name));
        if (key >= upper) break;
        keys.push_back(std::move(key));
        code = mdb_cursor_get(cursor, &name, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    if (code != MDB_NOTFOUND) check(code, "walk");
    return keys;
}

void WriteTransaction::commit() {
    int code = mdb_txn_commit(std::exchange(txn_, nullptr));
    environment_.committed();
    // What LMDB makes of a write that was cut short.
    if (code == EIO && environment_.disk_is_full_()) code = ENOSPC;
    check(code, "commit");
}

Environment::Environment(const std::filesystem::path& folder, std::uint64_t map_bytes,
                         std::function<bool()> disk_is_full)
    : Environment(folder, map_bytes, Access::write, std::move(disk_is_full)) {}

Environment Environment::read_only(const std::filesystem::path& folder) {
    const std::uint64_t bytes = std::filesystem::file_size(folder / "data.mdb");
    return {folder, bytes + growth_bytes, Access::read, [] { return false; }};
}

Environment::Environment(const std::filesystem::path& folder, std::uint64_t map_bytes, Access access,
                         std::function<bool()> disk_is_full)
    : disk_is_full_(std::move(disk_is_full)) {
    const bool writes = access == Access::write;
    const unsigned read_flag = writes ? 0 : MDB_RDONLY;
    if (writes) std::filesystem::create_directories(folder);
    try {
        check(mdb_env_create(&env_), "be created");
        check(mdb_env_set_mapsize(env_, map_bytes), "have that size");
        check(mdb_env_set_maxdbs(env_, table_count), "have that many databases");
        check(mdb_env_set_maxreaders(env_, readers_max), "have that many readers");
        check(mdb_env_open(env_, folder.c_str(), MDB_NOTLS | read_flag, 0600), "be opened");
        if (writes) map_ahead_.emplace(folder / "data.mdb");
        forget_dead_readers();
        MDB_txn* txn = nullptr;
        check(mdb_txn_begin(env_, nullptr, read_flag, &txn), "begin opening its databases");
        for (int table = 0; table < table_count; ++table) {
            const int code = mdb_dbi_open(txn, table_names[table], writes ? MDB_CREATE : 0, &databases_[table]);
            if (code != 0) {
                mdb_txn_abort(txn);
                check(code, "open its databases");
            }
        }
        check(mdb_txn_commit(txn), "commit");
    } catch (...) {
        if (env_) mdb_env_close(env_);
        throw;
    }
}

Environment::~Environment() {
    for (const auto* idle : {&current_, &reset_}) {
        for (MDB_txn* txn : *idle)
            mdb_txn_abort(txn);
    }
    mdb_env_close(env_);
}

void Environment::committed() {
    const std::lock_guard lock(mutex_);
    ++generation_;
    for (MDB_txn* txn : current_) {
        mdb_txn_reset(txn);
        reset_.push_back(txn);
    }
    current_.clear();
}

ReadTransaction Environment::read() {
    MDB_txn* txn = nullptr;
    std::uint64_t generation = 0;
    {
        const std::lock_guard lock(mutex_);
        generation = generation_;
        if (!current_.empty()) {
            txn = current_.back();
            current_.pop_back();
            return {*this, txn, generation};
        }
        if (!reset_.empty()) {
            txn = reset_.back();
            reset_.pop_back();
        }
    }
    if (txn) {
        const int code = mdb_txn_renew(txn);
        if (code != 0) mdb_txn_abort(txn);
        check(code, "begin a read");
    } else {
        check(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn), "begin a read");
    }
    return {*this, txn, generation};
}

void Environment::map_ahead() {
    MDB_envinfo info;
    MDB_stat stat;
    mdb_env_info(env_, &info);
    mdb_env_stat(env_, &stat);
    map_ahead_->run((info.me_last_pgno + 1) * stat.ms_psize);
}

void Environment::copy_to(int descriptor) {
    check(mdb_env_copyfd2(env_, descriptor, MDB_CP_COMPACT), "be copied");
}

void Environment::forget_dead_readers() {
    int dead = 0;
    check(mdb_reader_check(env_, &dead), "check its readers");
}

std::uint64_t Environment::used_bytes() {
    MDB_txn* txn = nullptr;
    check(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn), "begin a read");
    MDB_envinfo info;
    MDB_stat stat;
    mdb_env_info(env_, &info);
    mdb_env_stat(env_, &stat);
    std::uint64_t free_pages = 0;
    MDB_cursor* cursor = nullptr;
    // Database 0 lists the free pages: each value begins with how many it names.
    if (mdb_cursor_open(txn, 0, &cursor) == 0) {
        MDB_val key;
        MDB_val value;
        while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0) {
            std::size_t pages = 0;
            std::memcpy(&pages, value.mv_data, sizeof pages);
            free_pages += pages;
        }
        mdb_cursor_close(cursor);
    }
    mdb_txn_abort(txn);
    return (info.me_last_pgno + 1 - free_pages) * stat.ms_psize;
}

std::uint64_t Environment::entries(Table table) {
    const ReadTransaction txn = read();
    MDB_stat stat;
    check(mdb_stat(txn.txn_, database(table), &stat), "count the entries of a table");
    return stat.ms_entries;
}

}  // namespace alcove::kv

// The databases of the index and the layout of their keys. A key here has the table's number in front, so that one
// ordered overlay can hold entries of all tables; LMDB sees it without.
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "kv/encoding.hpp"
#include "kv/files/content.hpp"
#include "kv/log/commit_record.hpp"
#include "kv/types.hpp"

namespace alcove::kv {

using log::NamespaceId;

// The first four are the scopes' and have their numbers.
enum class Table : std::uint8_t {
    system = 0,
    workspace = 1,
    end_user = 2,
    external = 3,
    namespaces = 4,  // name -> state, id -> name, tombstones
    changes = 5,     // namespace id + version -> a run of commits in the log, see ChangeRun
    expiry = 6,      // deadline + scope + namespace id + collection + key -> version
    meta = 7,
    blobs = 8,  // blob id -> nothing: the contents of files that an entry names
};
inline constexpr int table_count = 9;
inline constexpr const char* table_names[table_count] = {
    "system", "workspace", "end_user", "external", "namespaces", "changes", "expiry", "meta", "blobs"};

constexpr Table table_of(Scope scope) {
    return static_cast<Table>(scope);
}

// A key on the stack. Capacity: the table's number and LMDB's 511 bytes.
class IndexKey {
public:
    explicit IndexKey(Table table) { u8(static_cast<std::uint8_t>(table)); }

    IndexKey& u8(std::uint8_t value) { return raw({reinterpret_cast<const char*>(&value), 1}); }
    IndexKey& be64(std::uint64_t value) {
        char bytes[8];
        store_be64(value, bytes);
        return raw({bytes, sizeof bytes});
    }
    IndexKey& raw(std::string_view bytes) {
        assert(size_ + bytes.size() <= sizeof bytes_);
        if (!bytes.empty()) std::memcpy(bytes_ + size_, bytes.data(), bytes.size());
        size_ += bytes.size();
        return *this;
    }
    IndexKey& raw(const Uuid& uuid) { return raw({reinterpret_cast<const char*>(uuid.data), sizeof uuid.data}); }

    std::string_view view() const { return {bytes_, size_}; }
    operator std::string_view() const { return view(); }  // NOLINT(google-explicit-constructor): it is one

private:
    char bytes_[512];
    std::size_t size_ = 0;
};

// Behind every key that has `prefix`: the smallest key that does not begin with it and is greater. A prefix here
// begins with a table's number, so there always is one.
inline std::string after_prefix(std::string_view prefix) {
    std::string end(prefix);
    while (!end.empty() && static_cast<unsigned char>(end.back()) == 0xff)
        end.pop_back();
    if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

// Entries: namespace id + collection + user key, in the scope's table.
inline constexpr std::size_t entry_prefix_bytes = 1 + 8 + 1;

inline IndexKey entry_key(Scope scope, NamespaceId id, Collection collection, std::string_view key) {
    IndexKey out(table_of(scope));
    out.be64(id).u8(static_cast<std::uint8_t>(collection)).raw(key);
    return out;
}

inline IndexKey change_key(NamespaceId id, Version version) {
    IndexKey out(Table::changes);
    out.be64(id).be64(version);
    return out;
}

inline IndexKey blob_key(const BlobId& id) {
    return IndexKey(Table::blobs).raw({reinterpret_cast<const char*>(id.data()), id.size()});
}

// The deadline is never negative, so its order as unsigned is its order.
inline IndexKey expiry_key(TimeMs deadline, Scope scope, NamespaceId id, Collection collection,
                           std::string_view key) {
    IndexKey out(Table::expiry);
    out.be64(static_cast<std::uint64_t>(deadline < 0 ? 0 : deadline));
    out.u8(static_cast<std::uint8_t>(scope)).be64(id).u8(static_cast<std::uint8_t>(collection)).raw(key);
    return out;
}

}  // namespace alcove::kv

// Files as callers of the store meet them: one that was opened, and one on its way in.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kv/error.hpp"
#include "kv/types.hpp"

namespace alcove::kv {

namespace asio = boost::asio;

// Content up to here lies in the record, and is as fast to read as a key. A larger one is a file of its own.
inline constexpr std::size_t inline_content_bytes_max = std::size_t{16} << 10;

// One version of a file, whole, whatever happens to its path meanwhile. It holds no snapshot of the store, so it
// may live for as long as a slow reader needs. Any thread, one at a time.
class File {
public:
    virtual ~File() = default;

    virtual const Entry& entry() const = 0;  // its value is nothing to look at
    virtual std::uint64_t size() const = 0;
    virtual const Sha256& sha256() const = 0;

    // The content when it is in memory anyway; nullopt when it has to be read from the descriptor, which is open as
    // long as this lives.
    virtual std::optional<std::string_view> content() const = 0;
    virtual int descriptor() const = 0;  // -1 when there is none

    // Brings a part of the descriptor's file into memory, so that who reads it next does not wait for the disk; at
    // once when it is there. StoreFailure.
    virtual asio::awaitable<void> fetch(std::uint64_t offset, std::size_t bytes) = 0;

    // All of it. For content that is known to be small enough for that. StoreFailure.
    virtual asio::awaitable<std::string> read_all() = 0;
};

// What commits a file beside its content.
struct FileCommit {
    std::string content_type;
    std::vector<Check> checks;  // of the commit; on any path
    std::optional<RequestId> request_id;
};

// A file's content on its way in. Nothing is seen of it before it is committed, and what is not is removed when
// this goes, or by the next start. It holds neither a snapshot of the store nor its writer while it waits. One
// caller at a time. It must not outlive the store.
class Upload {
public:
    virtual ~Upload() = default;

    // Takes what comes next. `bytes` must hold until it returns. quota_exceeded, store_full, not_found when the
    // namespace's owner was dropped: the upload is over then. StoreFailure when the disk fails.
    virtual asio::awaitable<Result<void>> append(std::string_view bytes) = 0;

    virtual std::uint64_t size() const = 0;
    virtual Sha256 sha256() const = 0;  // of what was appended so far

    // Makes the content durable, and then the file, in place of an earlier one: at one version, whole or not at
    // all. The last call. Errors as those of Store::commit().
    virtual asio::awaitable<Result<Committed>> commit(FileCommit commit) = 0;
};

}  // namespace alcove::kv

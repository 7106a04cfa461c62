// Files of the embedded engine.
#include "kv/lmdb/files.hpp"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "kv/files/content.hpp"
#include "kv/files/digest.hpp"
#include "kv/lmdb/evaluator.hpp"

namespace alcove::kv {

namespace {

// Content is hashed and written in pieces of this size, each on one of the folder's threads.
constexpr std::size_t piece_bytes = std::size_t{256} << 10;

Error no_descriptor() {
    return error(Errc::overloaded, "the server can open no more files for now");
}

[[noreturn]] void fail(std::string_view what, int reason) {
    throw StoreFailure("cannot " + std::string(what) +
                       " the content of a file: " + std::error_code(reason, std::generic_category()).message());
}

// 0 or the system's error.
int read_at(int descriptor, std::uint64_t offset, char* into, std::size_t bytes) {
    while (bytes != 0) {
        const auto got = ::pread(descriptor, into, bytes, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) return EIO;  // it is shorter than its record says
        into += got;
        offset += static_cast<std::uint64_t>(got);
        bytes -= static_cast<std::size_t>(got);
    }
    return 0;
}

// Whether the byte can be read without waiting for the disk, as far as the system tells.
bool in_memory(int descriptor, std::uint64_t offset) {
    char byte = 0;
    const iovec room{.iov_base = &byte, .iov_len = 1};
    return ::preadv2(descriptor, &room, 1, static_cast<off_t>(offset), RWF_NOWAIT) >= 0 || errno != EAGAIN;
}

class OpenFile final : public File {
public:
    OpenFile(BlobFolder& blobs, Entry entry, const FileContent& content,
             std::shared_ptr<const Descriptor> descriptor)
        : blobs_(blobs), entry_(std::move(entry)), content_(content), descriptor_(std::move(descriptor)) {}

    const Entry& entry() const override { return entry_; }
    std::uint64_t size() const override { return content_.size; }
    const Sha256& sha256() const override { return content_.sha256; }
    std::optional<std::string_view> content() const override {
        return descriptor_ ? std::nullopt : std::optional<std::string_view>(entry_.value);
    }
    int descriptor() const override { return descriptor_ ? descriptor_->get() : -1; }

    asio::awaitable<void> fetch(std::uint64_t offset, std::size_t bytes) override {
        const int fd = descriptor();
        if (bytes == 0 || (in_memory(fd, offset) && in_memory(fd, offset + bytes - 1))) co_return;
        auto fetching = blobs_.run([file = descriptor_, offset, bytes] {
            std::string dropped(bytes, '\0');
            return read_at(file->get(), offset, dropped.data(), bytes);
        });
        const int failed = co_await std::move(fetching);
        if (failed != 0) fail("read", failed);
    }

    asio::awaitable<std::string> read_all() override {
        if (!descriptor_) co_return entry_.value;
        struct Outcome {
            int failed = 0;
            std::string bytes;
        };
        auto reading = blobs_.run([file = descriptor_, size = content_.size] {
            Outcome outcome;
            outcome.bytes.resize(size);
            outcome.failed = read_at(file->get(), 0, outcome.bytes.data(), size);
            return outcome;
        });
        auto outcome = co_await std::move(reading);
        if (outcome.failed != 0) fail("read", outcome.failed);
        co_return std::move(outcome.bytes);
    }

private:
    BlobFolder& blobs_;
    const Entry entry_;
    const FileContent content_;
    const std::shared_ptr<const Descriptor> descriptor_;
};

class ContentUpload final : public Upload {
public:
    ContentUpload(Core& core, const Reader& reader, Store& store, NamespaceName name, std::string path)
        : core_(core),
          reader_(reader),
          store_(store),
          name_(std::move(name)),
          path_(std::move(path)),
          share_(core.growth, name_),
          sink_(std::make_shared<Sink>()) {}

    std::uint64_t size() const override { return size_; }

    Sha256 sha256() const override {
        if (digest_) return *digest_;
        Digest digest = sink_->digest;
        digest.update(buffer_);
        return digest_.emplace(digest.value());
    }

    // What speaks against it before anything has come.
    std::optional<Error> refuse(std::optional<std::uint64_t> announced) {
        const auto info = reader_.describe(name_);
        if (!info) return info.error();
        const auto replaced = reader_.get(name_, path_, Collection::file);
        if (replaced) replaced_bytes_ = decode_file_content(replaced->file).size;
        if (auto refused = refuse_growth(*info, {.files = replaced ? 0U : 1U})) return refused;
        if (auto refused = refuse_growth(*info, {.file_bytes = growth_at(announced.value_or(0))})) return refused;
        return refuse_room(announced.value_or(0));
    }

    asio::awaitable<Result<void>> append(std::string_view bytes) override {
        digest_.reset();
        while (!bytes.empty()) {
            const auto part = bytes.substr(0, piece_bytes - buffer_.size());
            buffer_.append(part);
            size_ += part.size();
            bytes.remove_prefix(part.size());
            if (buffer_.size() < piece_bytes) break;
            auto writing = write_buffer();
            auto written = co_await std::move(writing);
            if (!written) co_return written.error();
        }
        co_return Result<void>();
    }

    asio::awaitable<Result<Committed>> commit(FileCommit file) override {
        FileContent content{.sha256 = sha256(), .size = size_, .blob = {}};
        if (size_ > inline_content_bytes_max) {
            auto finishing = finish_blob();
            auto finished = co_await std::move(finishing);
            if (!finished) co_return finished.error();
            content.blob = sink_->blob->id();
        }
        Commit commit;
        commit.collection = Collection::file;
        commit.value_bytes_max = inline_content_bytes_max;
        commit.checks = std::move(file.checks);
        commit.request_id = std::move(file.request_id);
        commit.operations.emplace_back(Put{.key = path_,
                                           .value = content.blob ? std::string() : std::move(buffer_),
                                           .content_type = std::move(file.content_type),
                                           .expiry = Expiry::never(),
                                           .file = encode_file_content(content)});
        using Fate = BlobFolder::Writing::Fate;
        if (content.blob) sink_->blob->set(Fate::unknown);
        auto committing = store_.commit(name_, std::move(commit));
        auto outcome = co_await std::move(committing);
        const bool unknown = !outcome && outcome.error().code == Errc::outcome_unknown;
        if (content.blob && !unknown) {
            sink_->blob->set(outcome && !outcome->replayed ? Fate::wanted : Fate::unwanted);
        }
        co_return outcome;
    }

private:
    // What the folder's threads work with; they own it together with the upload.
    struct Sink {
        Digest digest;
        std::optional<BlobFolder::Writing> blob;  // once there is too much for a record
    };
    struct Written {
        int failed = 0;
        std::string why;     // when the blob could not even be made, for want of something else than a descriptor
        std::string buffer;  // to be used again
    };

    std::uint64_t growth_at(std::uint64_t size) const {
        return size > replaced_bytes_ ? size - replaced_bytes_ : 0;
    }

    static std::optional<Error> refuse_growth(const NamespaceInfo& info, const Usage& more) {
        Usage after = info.usage;
        after.files += more.files;
        after.file_bytes += more.file_bytes;
        return refuse_usage(info.usage, after, info.quota);
    }

    std::optional<Error> refuse_room(std::uint64_t bytes) const {
        const Shortage shortage = core_.shortage_of_content(bytes);
        if (!shortage) return std::nullopt;
        return store_full(shortage);
    }

    asio::awaitable<Result<void>> write_buffer() {
        if (core_.closing) co_return error(Errc::shutting_down, "the store is closing");
        const auto info = reader_.describe(name_);
        if (!info) co_return info.error();
        const std::uint64_t growth = growth_at(size_);
        const std::uint64_t together = share_.set(growth);
        // What does not grow the namespace itself is not held up by others that do.
        if (auto refused = refuse_growth(*info, {.file_bytes = growth == 0 ? 0 : together})) {
            co_return std::move(*refused);
        }
        if (auto refused = refuse_room(buffer_.size())) co_return std::move(*refused);
        auto writing = core_.blobs.run([sink = sink_, buffer = std::move(buffer_), blobs = &core_.blobs]() mutable {
            Written written;
            try {
                if (!sink->blob) sink->blob.emplace(*blobs);
                sink->digest.update(buffer);
                written.failed = sink->blob->append(buffer);
            } catch (const OutOfDescriptors&) {
                written.failed = EMFILE;
            } catch (const std::exception& failure) {
                written.why = failure.what();
            }
            buffer.clear();
            written.buffer = std::move(buffer);
            return written;
        });
        auto written = co_await std::move(writing);
        if (!written.why.empty()) throw StoreFailure(written.why);
        buffer_ = std::move(written.buffer);
        co_return outcome_of("write", written.failed);
    }

    asio::awaitable<Result<void>> finish_blob() {
        if (!buffer_.empty() || !sink_->blob) {
            auto writing = write_buffer();
            auto written = co_await std::move(writing);
            if (!written) co_return written.error();
        }
        auto syncing = core_.blobs.run([sink = sink_] { return sink->blob->sync(); });
        const int failed = co_await std::move(syncing);
        co_return outcome_of("sync", failed);
    }

    static Result<void> outcome_of(std::string_view what, int failed) {
        if (failed == ENOSPC || failed == EDQUOT) return error(Errc::store_full, "the disk is full");
        if (failed == EMFILE || failed == ENFILE) return no_descriptor();
        if (failed != 0) fail(what, failed);
        return {};
    }

    Core& core_;
    const Reader& reader_;
    Store& store_;
    const NamespaceName name_;
    const std::string path_;
    Growth::Share share_;
    std::uint64_t replaced_bytes_ = 0;  // of the file that was there when it began
    std::uint64_t size_ = 0;
    std::string buffer_;                    // not yet hashed, nor written
    mutable std::optional<Sha256> digest_;  // once it was asked for, until more comes
    const std::shared_ptr<Sink> sink_;
};

}  // namespace

// The content may be unlinked between the two looks: then there is another record.
Result<std::unique_ptr<File>> open_file(Core& core, const Reader& reader, const NamespaceName& name,
                                        std::string_view path) {
    for (Version missed = 0;;) {
        auto entry = reader.get(name, path, Collection::file);
        if (!entry) return entry.error();
        const FileContent content = decode_file_content(entry->file);
        std::shared_ptr<const Descriptor> descriptor;
        if (content.blob) {
            try {
                descriptor = core.blobs.open(*content.blob);
            } catch (const OutOfDescriptors&) {
                return no_descriptor();
            }
            if (!descriptor && entry->version == missed) throw StoreFailure("the content of a file is missing");
            missed = entry->version;
            if (!descriptor) continue;
        }
        return std::make_unique<OpenFile>(core.blobs, std::move(*entry), content, std::move(descriptor));
    }
}

Result<std::unique_ptr<Upload>> begin_upload(Core& core, const Reader& reader, Store& store,
                                             const NamespaceName& name, std::string_view path,
                                             std::optional<std::uint64_t> size) {
    auto upload = std::make_unique<ContentUpload>(core, reader, store, name, std::string(path));
    if (auto refused = upload->refuse(size)) return std::move(*refused);
    return std::unique_ptr<Upload>(std::move(upload));
}

}  // namespace alcove::kv

// A backup as a tar archive in the pax format, with libarchive.
#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <system_error>

#include "kv/backup/format.hpp"
#include "kv/backup/reader.hpp"
#include "kv/backup/writer.hpp"
#include "kv/error.hpp"

#if __has_feature(address_sanitizer)
// libarchive 3.6 does not free the block of an archive that is given up. What gives one up is about to end.
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libarchive.so";
}
#endif

namespace alcove::kv::backup {

namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 20;

struct Free {
    void operator()(archive* of) const { ::archive_free(of); }
    void operator()(archive_entry* of) const { ::archive_entry_free(of); }
};
using Archive = std::unique_ptr<archive, Free>;
using Entry = std::unique_ptr<archive_entry, Free>;

void check(int code, archive* of, const char* what) {
    if (code == ARCHIVE_OK) return;
    const char* why = ::archive_error_string(of);
    throw StoreFailure(std::string(what) + ": " + (why == nullptr ? "out of memory" : why));
}

// A descriptor with which libarchive reads or writes. Unlike with its own calls a signal ends a wait.
struct Stream {
    int descriptor;
    std::string buffer = std::string(buffer_bytes, '\0');
};

la_ssize_t fail(archive* of) {
    ::archive_set_error(of, errno, "%s", std::generic_category().message(errno).c_str());
    return -1;
}

la_ssize_t read_piece(archive* of, void* stream, const void** into) {
    auto& from = *static_cast<Stream*>(stream);
    *into = from.buffer.data();
    const ssize_t got = ::read(from.descriptor, from.buffer.data(), from.buffer.size());
    return got < 0 ? fail(of) : got;
}

la_ssize_t write_piece(archive* of, void* stream, const void* bytes, std::size_t size) {
    const ssize_t written = ::write(static_cast<Stream*>(stream)->descriptor, bytes, size);
    return written < 0 ? fail(of) : written;
}

constexpr const char* not_written = "the archive cannot be written";
constexpr const char* not_read = "the archive is damaged or cut off";

class TarWriter final : public Writer {
public:
    TarWriter(int descriptor, std::filesystem::path scratch_folder)
        : scratch_folder_(std::move(scratch_folder)),
          index_(scratch_folder_),
          stream_{.descriptor = descriptor},
          tar_(::archive_write_new()) {
        check(::archive_write_set_format_pax_restricted(tar_.get()), tar_.get(), not_written);
        check(::archive_write_open(tar_.get(), &stream_, nullptr, write_piece, nullptr), tar_.get(), not_written);
    }
    // Without the marks of an end: nobody may take what was cut off for whole.
    ~TarWriter() override {
        if (!finished_) ::archive_write_fail(tar_.get());
    }

    const std::filesystem::path& scratch_folder() const override { return scratch_folder_; }

    void expect(const Expected& expected) override { refuse_without_room(scratch_folder_, expected.index_bytes); }

    const Descriptor& index_file() override { return index_.descriptor(); }

    std::optional<Source> index_to_add() override { return index_.read(); }

    void add(const std::string& path, std::uint64_t bytes, const Source& source) override {
        const Entry entry(::archive_entry_new());
        ::archive_entry_set_pathname(entry.get(), path.c_str());
        ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes));
        ::archive_entry_set_filetype(entry.get(), AE_IFREG);
        ::archive_entry_set_perm(entry.get(), 0600);
        ::archive_entry_set_mtime(entry.get(), std::time(nullptr), 0);
        check(::archive_write_header(tar_.get(), entry.get()), tar_.get(), not_written);
        std::string& buffer = stream_.buffer;  // for writing libarchive does not use it
        std::uint64_t written = 0;
        while (const std::size_t got = source(buffer.data(), buffer.size())) {
            const auto taken = ::archive_write_data(tar_.get(), buffer.data(), got);
            if (taken < 0) check(static_cast<int>(taken), tar_.get(), not_written);
            written += got;
        }
        if (written != bytes) throw StoreFailure(path + " changed while it was copied");
    }

    void finish() override {
        check(::archive_write_close(tar_.get()), tar_.get(), not_written);
        finished_ = true;
    }

private:
    const std::filesystem::path scratch_folder_;
    const ScratchFile index_;
    Stream stream_;
    const Archive tar_;
    bool finished_ = false;
};

class TarReader final : public Reader {
public:
    explicit TarReader(int descriptor) : stream_{.descriptor = descriptor}, tar_(::archive_read_new()) {
        check(::archive_read_support_format_tar(tar_.get()), tar_.get(), not_read);
        check(::archive_read_open(tar_.get(), &stream_, nullptr, read_piece, nullptr), tar_.get(), not_read);
    }

    std::optional<Member> next() override {
        archive_entry* entry = nullptr;
        const int code = ::archive_read_next_header(tar_.get(), &entry);
        if (code == ARCHIVE_EOF) return std::nullopt;
        check(code, tar_.get(), not_read);
        const char* name = ::archive_entry_pathname(entry);
        const std::string path = name == nullptr ? "" : name;
        const bool plain = ::archive_entry_filetype(entry) == AE_IFREG && ::archive_entry_size_is_set(entry) != 0 &&
                           ::archive_entry_size(entry) >= 0 && ::archive_entry_hardlink(entry) == nullptr &&
                           ::archive_entry_sparse_count(entry) == 0;
        if (!plain) throw StoreFailure("the archive holds something else than files");
        return Member{.path = path, .bytes = static_cast<std::uint64_t>(::archive_entry_size(entry))};
    }

    std::size_t read(char* into, std::size_t bytes_max) override {
        const auto got = ::archive_read_data(tar_.get(), into, bytes_max);
        if (got < 0) check(static_cast<int>(got), tar_.get(), not_read);
        return static_cast<std::size_t>(got);
    }

private:
    Stream stream_;
    const Archive tar_;
};

}  // namespace

std::unique_ptr<Writer> write_tar(int descriptor, const std::filesystem::path& scratch_folder) {
    return std::make_unique<TarWriter>(descriptor, scratch_folder);
}

std::unique_ptr<Reader> read_tar(int descriptor) {
    return std::make_unique<TarReader>(descriptor);
}

}  // namespace alcove::kv::backup

// Reads all of a store that is not in use.
#include "kv/lmdb/check.hpp"

#include <unistd.h>

#include <optional>
#include <utility>

#include "kv/files/content.hpp"
#include "kv/files/digest.hpp"
#include "kv/lmdb/change_runs.hpp"
#include "kv/lmdb/core.hpp"
#include "kv/record.hpp"

namespace alcove::kv {

namespace {

// Of a key; 0 when it is cut off.
std::uint64_t take_be64(Decoder& decoder) {
    const std::string_view bytes = decoder.raw(sizeof(std::uint64_t));
    return bytes.empty() ? 0 : load_be64(bytes.data());
}

constexpr std::size_t read_bytes = std::size_t{1} << 20;

std::string quoted(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out = "'";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7f) {
            out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        } else {
            out += c;
        }
    }
    return out + "'";
}

Sha256 sha256_of(std::string_view bytes) {
    Digest digest;
    digest.update(bytes);
    return digest.value();
}

// nullopt when it cannot be read to its end.
std::optional<Sha256> sha256_of(int descriptor, std::uint64_t size) {
    Digest digest;
    std::string buffer(read_bytes, '\0');
    std::uint64_t done = 0;
    for (;;) {
        const auto got = ::pread(descriptor, buffer.data(), buffer.size(), static_cast<off_t>(done));
        if (got < 0) return std::nullopt;
        if (got == 0) break;
        done += static_cast<std::uint64_t>(got);
        digest.update(std::string_view(buffer).substr(0, static_cast<std::size_t>(got)));
    }
    if (done != size) return std::nullopt;
    return digest.value();
}

class Checker {
public:
    explicit Checker(Core& core) : core_(core), snapshot_(Snapshot::at_published(core.index, core.overlays)) {}

    CheckReport run() {
        check_log();
        for (const Scope scope : {Scope::system, Scope::workspace, Scope::end_user, Scope::external})
            check_entries(scope);
        check_namespaces();
        check_expiries();
        check_changes();
        check_blobs();
        return std::move(report_);
    }

private:
    // What stands under one number.
    struct Number {
        Scope scope = Scope::workspace;
        NamespaceId id = 0;
        std::optional<NamespaceState> state;  // whose number it is now
        Usage counted;
    };

    void problem(std::string text) {
        if (report_.problems.size() < check_problems_max) report_.problems.push_back(std::move(text));
        ++report_.problems_total;
    }

    // Runs `look`, which may meet what cannot be decoded.
    template <class Look>
    void guard(const std::string& where, Look look) {
        try {
            look();
        } catch (const StoreFailure& failure) {
            problem(where + ": " + failure.what());
        }
    }

    // Each segment from its first group to the first of the next, without a version missing.
    void check_log() {
        std::optional<Version> last;
        for (const std::uint64_t segment : core_.log->segments()) {
            ++report_.segments;
            const std::string where = "log segment " + std::to_string(segment);
            guard(where, [&] {
                core_.log->visit(segment, [&](Version version, std::string_view record) {
                    ++report_.commits;
                    if (last && version != *last + 1) {
                        problem(where + ": version " + std::to_string(*last + 1) + " is missing before version " +
                                std::to_string(version));
                    }
                    last = version;
                    guard(where + ", version " + std::to_string(version), [&] { log::decode_commit(record); });
                });
            });
        }
        const Version end = core_.log->last_version();
        if (last && *last < end)
            problem("the log ends at version " + std::to_string(*last) + " instead of " + std::to_string(end));
    }

    // The state of the namespace that has the number; nullopt when it was emptied or dropped, and is being freed.
    std::optional<NamespaceState> state_of(NamespaceId id) {
        const auto named = snapshot_.get(id_key(id));
        if (!named) {
            problem("entries stand under the number " + std::to_string(id) + ", which no namespace has");
            return std::nullopt;
        }
        auto state = find_state(snapshot_, decode_state(*named).name);
        if (!state) return std::nullopt;
        if (state->id == id || state->internal_id == id) return state;
        if (!snapshot_.get(leftover_key(id))) {
            problem("the number " + std::to_string(id) + " was given up by its namespace, and nothing frees it");
        }
        return std::nullopt;
    }

    void check_entries(Scope scope) {
        const IndexKey begin(table_of(scope));
        std::optional<Number> number;
        for (Scan scan(snapshot_, begin, end_of(table_of(scope)), Order::ascending); scan.valid(); scan.next()) {
            Decoder decoder(scan.key());
            const NamespaceId id = take_be64(decoder);
            const auto collection = static_cast<Collection>(decoder.u8());
            const std::string_view key = decoder.rest();
            if (!number || number->id != id) {
                if (number) compare(*number);
                number = Number{.scope = scope, .id = id, .state = {}, .counted = {}};
                guard("number " + std::to_string(id), [&] { number->state = state_of(id); });
            }
            guard("namespace " + std::to_string(id) + ", " + quoted(key),
                  [&] { check_entry(*number, collection, key, decode_record(scan.value())); });
        }
        if (number) compare(*number);
    }

    void check_entry(Number& number, Collection collection, std::string_view key, const EntryView& entry) {
        const std::string where = "namespace " + std::to_string(number.id) + ", " + quoted(key);
        const bool file = collection == Collection::file;
        if (entry.version > snapshot_.version() || entry.created_version > entry.version) {
            problem(where + ": its versions are not possible");
        }
        if (entry.expires_ms) {
            const auto expiry =
                snapshot_.get(expiry_key(*entry.expires_ms, number.scope, number.id, collection, key));
            if (!expiry || load_be64(expiry->data()) != entry.version)
                problem(where + ": nothing will end it when its time comes");
        }
        if (collection == Collection::internal) return;
        const std::uint64_t bytes = key.size() + content_bytes(entry);
        (file ? number.counted.files : number.counted.keys) += 1;
        (file ? number.counted.file_bytes : number.counted.bytes) += bytes;
        (file ? report_.files : report_.keys) += 1;
        (file ? report_.file_bytes : report_.bytes) += bytes;
        if (!entry.file.empty()) check_content(where, entry);
    }

    void check_content(const std::string& where, const EntryView& entry) {
        const FileContent content = decode_file_content(entry.file);
        if (!content.blob) {
            if (entry.value.size() != content.size || sha256_of(entry.value) != content.sha256) {
                problem(where + ": its content is not what was written");
            }
            return;
        }
        ++report_.blobs;
        if (!snapshot_.get(blob_key(*content.blob))) problem(where + ": a start would remove its content");
        const auto file = core_.blobs.open(*content.blob);
        if (!file) {
            problem(where + ": its content is missing");
        } else if (sha256_of(file->get(), content.size) != content.sha256) {
            problem(where + ": its content is not what was written");
        }
    }

    void compare(const Number& number) {
        if (!number.state || number.state->id != number.id) return;
        const auto expect = [&](std::string_view what, std::uint64_t counted, std::uint64_t said) {
            if (counted == said) return;
            problem("namespace " + std::to_string(number.id) + " says that it has " + std::to_string(said) + " " +
                    std::string(what) + ", and has " + std::to_string(counted));
        };
        const Usage& said = number.state->usage;
        expect("keys", number.counted.keys, said.keys);
        expect("bytes of keys", number.counted.bytes, said.bytes);
        expect("files", number.counted.files, said.files);
        expect("bytes of files", number.counted.file_bytes, said.file_bytes);
    }

    void check_namespaces() {
        constexpr std::string_view states{"\4N", 2};
        for (Scan scan(snapshot_, states, after_prefix(states), Order::ascending); scan.valid(); scan.next()) {
            guard("a namespace's state", [&] {
                const NamespaceState state = decode_state(scan.value());
                ++report_.namespaces;
                const std::string where = "namespace " + std::to_string(state.id);
                if (state_key(state.name).view().substr(1) != scan.key())
                    problem(where + " stands under another name");
                if (state.usage.version > snapshot_.version()) problem(where + " has a version of the future");
                const auto named = snapshot_.get(id_key(state.id));
                if (!named || !(decode_state(*named).name == state.name))
                    problem(where + " is not found by its number");
                if (state.usage.keys + state.usage.files == 0 || !find_state(snapshot_, state.name)) return;
                const IndexKey entries = IndexKey(table_of(state.name.scope)).be64(state.id);
                if (!Scan(snapshot_, entries, after_prefix(entries), Order::ascending).valid()) {
                    problem(where + " says that it has entries, and has none");
                }
            });
        }
    }

    void check_expiries() {
        const IndexKey begin(Table::expiry);
        for (Scan scan(snapshot_, begin, end_of(Table::expiry), Order::ascending); scan.valid(); scan.next()) {
            ++report_.expiries;
            guard("the expiry index", [&] {
                Decoder decoder(scan.key());
                const auto deadline = static_cast<TimeMs>(take_be64(decoder));
                const auto scope = static_cast<Scope>(decoder.u8());
                const NamespaceId id = take_be64(decoder);
                const auto collection = static_cast<Collection>(decoder.u8());
                const std::string_view key = decoder.rest();
                const auto entry = snapshot_.get(entry_key(scope, id, collection, key));
                if (entry && decode_record(*entry).expires_ms == deadline) return;
                problem("namespace " + std::to_string(id) + ", " + quoted(key) +
                        ": it is to expire, and is not there");
            });
        }
    }

    // Every change that the history names can be read, unless its segment was removed meanwhile.
    void check_changes() {
        const IndexKey begin(Table::changes);
        for (Scan scan(snapshot_, begin, end_of(Table::changes), Order::ascending); scan.valid(); scan.next()) {
            guard("the change index", [&] { check_run(decode_change_run(scan.key(), scan.value())); });
        }
    }

    void check_run(const ChangeRun& run) {
        report_.changes += run.commits;
        const std::string where =
            "the history of namespace " + std::to_string(run.id) + " at version " + std::to_string(run.first);
        guard(where, [&] {
            std::uint64_t commits = 0;
            bool foreign = false;
            const bool there = core_.log->visit(run.at, run.bytes, [&](std::string_view record) {
                foreign |= log::decode_commit(record).id != run.id;
                ++commits;
            });
            if (foreign) problem(where + " leads to another namespace");
            if (there && commits != run.commits) problem(where + " leads to too many commits or too few");
            if (!there && run.end() > core_.log->forgotten() + 1) problem(where + " leads to nothing");
        });
    }

    void check_blobs() {
        std::uint64_t listed = 0;
        const IndexKey begin(Table::blobs);
        for (Scan scan(snapshot_, begin, end_of(Table::blobs), Order::ascending); scan.valid(); scan.next())
            ++listed;
        if (listed > report_.blobs) {
            problem(std::to_string(listed - report_.blobs) + " contents are kept for files that are not there");
        }
        for (const BlobId& id : core_.blobs.list())
            if (!snapshot_.get(blob_key(id))) ++report_.stray_blobs;
    }

    Core& core_;
    const Snapshot snapshot_;
    CheckReport report_;
};

}  // namespace

CheckReport check_store(EngineOptions options) {
    // Else a mistyped folder would be made.
    if (!std::filesystem::exists(options.directory / "index")) {
        throw StoreFailure("there is no store in " + options.directory.string());
    }
    Core core(std::move(options));
    return Checker(core).run();
}

}  // namespace alcove::kv

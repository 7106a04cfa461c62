// What comes back from the disk or from a client as it was given out: records, the log, cursors, signed links. Any
// bytes are read or refused, and what is read is written as the same.
#include <array>
#include <string>

#include "kv/error.hpp"
#include "kv/files/content.hpp"
#include "kv/lmdb/namespaces.hpp"
#include "kv/log/commit_record.hpp"
#include "kv/log/format.hpp"
#include "kv/record.hpp"
#include "server/api/cursor.hpp"
#include "server/api/values.hpp"
#include "server/files/download_links.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace alcove {
namespace {

using fuzz::require;

// Whether the bytes are read; StoreFailure is the other outcome that is allowed.
template <class Read>
bool reads(Read read) {
    try {
        read();
        return true;
    } catch (const kv::StoreFailure&) {
        return false;
    }
}

// Some bytes have several spellings (a long varint, a bit without a meaning): what is written of them has one.
template <class Decode, class Encode>
void check_format(std::string_view bytes, Decode decode, Encode encode) {
    reads([&] {
        const auto decoded = decode(bytes);
        const std::string written = encode(decoded);
        const fuzz::Block block(written);
        require(reads([&] { require(encode(decode(block.view())) == written, "it is written as the same"); }),
                "what is written is read");
    });
}

void check_record(std::string_view bytes) {
    check_format(bytes, kv::decode_record, [](const kv::EntryView& record) {
        std::string out;
        kv::encode_record(kv::to_entry(record), out);
        return out;
    });
    reads([&] {
        const auto record = kv::decode_record(bytes);
        reads([&] { kv::content_bytes(record); });
        reads([&] { kv::blob_of(record); });
    });
}

std::string encode_commit(const kv::log::CommitRecord& commit) {
    std::string out;
    kv::log::encode(commit, out);
    return out;
}

void check_commit(std::string_view bytes) {
    check_format(bytes, kv::log::decode_commit, encode_commit);
}

void check_states(std::string_view bytes) {
    check_format(bytes, kv::decode_file_content, kv::encode_file_content);
    check_format(bytes, kv::decode_state, kv::encode_state);
    check_format(bytes, kv::decode_leftover, kv::encode_leftover);
    check_format(bytes, kv::decode_owner, [](const kv::Owner& owner) { return kv::encode_owner(owner, 'p'); });
}

constexpr kv::log::StoreId store{'s', 't', 'o', 'r', 'e'};

void check_group_bytes(std::string_view bytes) {
    kv::log::decode_segment_header(bytes);
    kv::log::decode_group_header(bytes);
    require(!kv::log::decode_group(bytes, store), "nobody guesses a checksum");
    while (const auto record = kv::log::take_commit(bytes))
        reads([&] { kv::log::decode_commit(*record); });
}

// A group that was sealed is whole; with any byte changed it is none.
void check_sealed_group(FuzzedDataProvider& in) {
    std::string group(kv::log::group_header_bytes, '\0');
    kv::log::GroupHeader header{.segment = in.ConsumeIntegral<std::uint64_t>(),
                                .first_version = in.ConsumeIntegral<std::uint64_t>(),
                                .commits = in.ConsumeIntegralInRange<std::uint32_t>(0, 4),
                                .time_ms = in.ConsumeIntegral<std::int64_t>()};
    std::vector<std::string> records(header.commits);
    std::string payload;
    for (auto& record : records) {
        record = in.ConsumeRandomLengthString();
        kv::log::append_commit(record, payload);
    }
    header.payload_bytes = static_cast<std::uint32_t>(payload.size());
    group.append(payload);
    kv::log::seal_group(header, store, group);
    require(group.size() == kv::log::group_bytes(payload.size()), "a group has the size that is said");

    const fuzz::Block whole(group);
    const auto read = kv::log::decode_group(whole.view(), store);
    require(read && read->first_version == header.first_version && read->commits == header.commits, "it is read");
    auto rest = whole.view().substr(kv::log::group_header_bytes, payload.size());
    for (const auto& record : records)
        require(kv::log::take_commit(rest) == record, "with its commits");
    require(rest.empty(), "and no others");

    require(!kv::log::decode_group(fuzz::Block(whole.view().substr(0, group.size() - 1)).view(), store), "not cut");
    const auto sealed_bytes = kv::log::group_header_bytes + payload.size();
    auto& byte = group[in.ConsumeIntegralInRange<std::size_t>(0, sealed_bytes - 1)];
    byte = static_cast<char>(byte ^ in.ConsumeIntegralInRange<int>(1, 255));
    require(!kv::log::decode_group(fuzz::Block(group).view(), store), "not changed");
}

kv::Uuid take_uuid(FuzzedDataProvider& in) {
    kv::Uuid id{};
    in.ConsumeData(id.data, sizeof id.data);
    return id;
}

std::uint64_t take_number(FuzzedDataProvider& in) {
    return in.ConsumeIntegral<std::uint64_t>() >> in.ConsumeIntegralInRange<unsigned>(0, 63);
}

// A commit made up of anything reads back as it was, which bytes alone would seldom be.
void check_made_commit(FuzzedDataProvider& in) {
    kv::log::CommitRecord commit;
    commit.id = take_number(in);
    commit.internal_id = in.ConsumeBool() ? commit.id : take_number(in);
    commit.name = {.scope = static_cast<kv::Scope>(in.ConsumeIntegralInRange<int>(0, 3)),
                   .workspace = take_uuid(in),
                   .subject = in.ConsumeRandomLengthString(64)};
    commit.emptied_version = commit.internal_id == commit.id ? 0 : 1 + take_number(in) / 2;
    commit.time_ms = in.ConsumeIntegralInRange<std::int64_t>(0, std::int64_t{1} << 50);
    commit.usage.keys = take_number(in);
    commit.usage.last_written_ms = in.ConsumeIntegralInRange<std::int64_t>(0, commit.time_ms);
    if (in.ConsumeBool()) commit.quota.bytes = take_number(in);
    if (in.ConsumeBool()) commit.quota.writes_per_second = take_number(in);
    if (in.ConsumeBool()) commit.emptied_id = take_number(in);
    while (in.remaining_bytes() != 0) {
        kv::log::Effect effect{.kind = static_cast<kv::Change::Kind>(in.ConsumeIntegralInRange<int>(1, 5)),
                               .collection = static_cast<kv::Collection>(in.ConsumeIntegralInRange<int>(1, 3)),
                               .key = in.ConsumeRandomLengthString(64),
                               .record = {},
                               .previous_version = take_number(in)};
        if (effect.kind == kv::Change::Kind::put) effect.record = in.ConsumeRandomLengthString(64);
        if (in.ConsumeBool()) effect.previous_expires_ms = in.ConsumeIntegral<std::int64_t>();
        if (in.ConsumeBool()) effect.freed_blob.emplace().fill(in.ConsumeIntegral<std::uint8_t>());
        commit.effects.push_back(std::move(effect));
    }
    const auto bytes = encode_commit(commit);
    const fuzz::Block block(bytes);
    const auto read = kv::log::decode_commit(block.view());
    require(encode_commit(read) == bytes, "a commit reads back");
    require(read.id == commit.id && read.internal_id == commit.internal_id && read.name == commit.name &&
                read.quota == commit.quota && read.emptied_id == commit.emptied_id &&
                read.usage.last_written_ms == commit.usage.last_written_ms,
            "as it was");
    require(read.effects.size() == commit.effects.size(), "with its effects");
    for (std::size_t i = 0; i < read.effects.size(); ++i) {
        const auto& effect = read.effects[i];
        const auto& was = commit.effects[i];
        require(effect.kind == was.kind && effect.key == was.key && effect.record == was.record &&
                    effect.previous_expires_ms == was.previous_expires_ms && effect.freed_blob == was.freed_blob,
                "as they were");
    }
}

void check_cursors(std::string_view text) {
    const auto bytes = api::decode_base64url(text);
    require(!bytes || api::encode_base64url(*bytes) == text, "base64url has one spelling");
    const auto plain = api::decode_base64(text);
    require(!plain || api::encode_base64(*plain) == text, "base64 has one spelling");
    require(api::decode_base64(api::encode_base64(text)) == text, "any bytes have one");

    const api::CursorScope list = {"list", text};
    require(!api::parse_cursor(list, text), "nobody guesses a cursor");
    require(text.empty() || api::parse_cursor(list, api::print_cursor(list, text)) == text, "a cursor reads back");
    require(!api::parse_cursor({"other", text}, api::print_cursor(list, "x")), "for its own list alone");
    if (const auto cursor = api::parse_history_cursor(text)) {
        const auto again = api::parse_history_cursor(api::print_history_cursor(cursor->epoch, cursor->version));
        require(again && again->epoch == cursor->epoch && again->version == cursor->version, "a place reads back");
    }
}

void check_links(FuzzedDataProvider& in) {
    constexpr std::string_view front = "/files/";
    const files::DownloadLinks links({.current = {1, 2, 3}, .former = {}}, "");
    const kv::TimeMs now_ms = in.ConsumeIntegralInRange<std::int64_t>(0, std::int64_t{1} << 42);
    const files::DownloadLink link{
        .name = {.scope = kv::Scope::external,
                 .workspace = take_uuid(in),
                 .subject = in.ConsumeRandomLengthString(64)},
        .path = in.ConsumeRandomLengthString(64),
        .version = take_number(in),
        .expires_ms = now_ms + in.ConsumeIntegralInRange<std::int64_t>(0, files::link_ms_max)};
    const auto where = in.ConsumeIntegral<std::uint16_t>();
    const auto text = in.ConsumeRemainingBytesAsString();
    require(!links.open(text), "nobody guesses a signature");
    auto url = links.make_url(link, now_ms).substr(front.size());
    const auto opened = links.open(url);
    require(opened && opened->name == link.name && opened->path == link.path && opened->version == link.version &&
                opened->expires_ms == link.expires_ms,
            "a link opens as it was made");
    auto& character = url[where % url.size()];
    character = character == 'A' ? 'B' : 'A';
    require(!links.open(url), "and not when it was changed");
}

}  // namespace
}  // namespace alcove

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace alcove;
    if (size == 0) return 0;
    constexpr unsigned choices = 8;
    const fuzz::Block bytes({reinterpret_cast<const char*>(data) + 1, size - 1});
    FuzzedDataProvider in(data + 1, size - 1);
    switch (data[0] % choices) {
        case 0:
            check_record(bytes.view());
            break;
        case 1:
            check_commit(bytes.view());
            break;
        case 2:
            check_states(bytes.view());
            break;
        case 3:
            check_group_bytes(bytes.view());
            break;
        case 4:
            check_sealed_group(in);
            break;
        case 5:
            check_made_commit(in);
            break;
        case 6:
            check_cursors(bytes.view());
            break;
        default:
            check_links(in);
            break;
    }
    return 0;
}

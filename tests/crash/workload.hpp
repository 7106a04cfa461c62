// What the writing process commits and the checking process expects: both build the same commits from here.
#pragma once

#include <string>
#include <vector>

#include "kv/lmdb/engine.hpp"
#include "tests/support/build.hpp"
#include "tests/support/files.hpp"

namespace alcove::test {

inline constexpr int writers = 48;
inline constexpr int swap_writers = 4;
inline constexpr int expiring_writers = 4;
inline constexpr int victim_writers = 6;
inline constexpr int droppers = 2;
inline constexpr int emptiers = 2;
inline constexpr int file_writers = 4;  // 70 coroutines in all

// One namespace in every scope; a writer belongs to one of them.
inline std::vector<kv::NamespaceName> workload_namespaces() {
    return {kv::system_namespace(), workspace_namespace(1), end_user_namespace(1), external_namespace("shared")};
}
inline kv::NamespaceName namespace_of_writer(int writer) {
    return workload_namespaces()[static_cast<std::size_t>(writer) % 4];
}

inline std::string key_of_writer(const char* kind, int writer) {
    return std::string(kind) + "/" + std::to_string(writer);
}

// Long enough, now and then, that a segment holds no second one.
inline std::string payload(int writer, std::uint64_t count) {
    const std::size_t size =
        (count * 7919 + static_cast<std::size_t>(writer)) % 97 == 0 ? 40'000 : count * 31 % 400;
    return std::to_string(count) + ":" + std::string(size, static_cast<char>('a' + writer % 26));
}

// The commit with that number of one writer. Half of it would show: the pair would differ, the counter would not be
// the total's part, or there would not be exactly one temporary key.
inline kv::Commit commit_of_writer(int writer, std::uint64_t count) {
    const std::string value = payload(writer, count);
    const std::string temporary = key_of_writer("temporary", writer) + "/";
    kv::Commit commit =
        commit_of({put(key_of_writer("left", writer), value), increment(key_of_writer("counter", writer)),
                   increment("total"), delete_prefix(temporary), put(temporary + std::to_string(count), "x"),
                   put(key_of_writer("right", writer), value)});
    commit.request_id = kv::RequestId{.id = std::to_string(writer) + "-" + std::to_string(count), .digest = value};
    return commit;
}

// Every drop names a subject of its own: nobody may ever see it again.
inline kv::NamespaceName victim(std::uint64_t round, int dropper, std::uint64_t number) {
    return external_namespace("victim/" + std::to_string(round) + "/" + std::to_string(dropper) + "/" +
                              std::to_string(number));
}

// An emptier sets its namespace's quota to the number of its cycle, fills it with values of that number and empties
// it.
inline kv::NamespaceName emptied_namespace(int emptier) {
    return external_namespace("emptied/" + std::to_string(emptier));
}
inline constexpr std::uint64_t emptier_quota_base = 1'000'000;
inline kv::Quota quota_of_cycle(std::uint64_t number) {
    return {.bytes = emptier_quota_base + number, .keys = {}, .writes_per_second = {}};
}
inline std::uint64_t cycle_of_quota(const kv::Quota& quota) {
    return quota.bytes.value_or(emptier_quota_base) - emptier_quota_base;
}

// Each file writer replaces a file of its own, over and over, by content that begins with the number of its upload.
inline kv::NamespaceName files_namespace() {
    return external_namespace("files");
}
inline std::string file_of_writer(int writer) {
    return "file/" + std::to_string(writer);
}
inline std::string file_content(int writer, std::uint64_t count) {
    constexpr std::size_t sizes[] = {100, 17'000, 80'000, 10, 300'000};
    const std::string number = std::to_string(count) + ":";
    return number + content_of(count * file_writers + static_cast<std::uint64_t>(writer), sizes[count % 5]);
}

// Tiny and different each time, so that crashes hit rolls, freezes and applications.
inline kv::EngineOptions workload_options(const std::filesystem::path& folder, std::uint64_t seed) {
    constexpr std::uint64_t segments[] = {16 << 10, 64 << 10, 512 << 10};
    constexpr std::uint64_t overlays[] = {4 << 10, 32 << 10, 1 << 20};
    constexpr int intervals[] = {1, 10, 1000};
    kv::EngineOptions options;
    options.directory = folder;
    options.map_bytes = std::uint64_t{1} << 30;
    options.segment_bytes = segments[seed % 3];
    options.overlay_bytes = overlays[seed / 3 % 3];
    options.apply_interval = std::chrono::milliseconds(intervals[seed / 9 % 3]);
    options.history_bytes = std::uint64_t{1} << 40;
    return options;
}

}  // namespace alcove::test

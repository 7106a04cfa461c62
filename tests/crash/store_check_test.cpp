// Whether an opened store holds what a killed process had been told, and fits together.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "tests/crash/store_check.hpp"
#include "tests/crash/workload.hpp"
#include "tests/support/files.hpp"
#include "tests/support/print.hpp"
#include "tests/support/run.hpp"

namespace alcove::test {

namespace {

using namespace std::chrono_literals;
using Entries = std::map<std::string, kv::Entry>;

constexpr auto sweep_patience = 5s;

Entries read_all(kv::Engine& engine, const kv::NamespaceName& name) {
    Entries entries;
    kv::PageRequest request;
    request.values = kv::Values::include;
    const kv::KeyRange everything;
    do {
        const auto page = run(engine.list(name, everything, request)).value();
        for (const kv::Item& item : page.items)
            entries[std::string(item.key)] = to_entry(item.entry);
        request.after = page.next;
    } while (!request.after.empty());
    return entries;
}

std::uint64_t number_at(const Entries& entries, const std::string& key) {
    const auto it = entries.find(key);
    return it == entries.end() ? 0 : std::stoull(it->second.value);
}

std::string print_at(const Entries& entries, const std::string& key) {
    const auto it = entries.find(key);
    return it == entries.end() ? "none" : print(it->second);
}

// Each writer's keys as one of its commits left them, and that commit not older than the acknowledged one.
void check_writer(const Entries& entries, int writer, const Acknowledged::Write& acknowledged) {
    const std::uint64_t count = number_at(entries, key_of_writer("counter", writer));
    BOOST_TEST_CONTEXT("writer " << writer << " at " << count << ", acknowledged " << acknowledged.count
                                 << " at version " << acknowledged.version) {
        BOOST_TEST(acknowledged.may_be_at(count));
        if (count == 0) return;
        const std::string left = key_of_writer("left", writer);
        BOOST_TEST(print_at(entries, left) == print_at(entries, key_of_writer("right", writer)));
        BOOST_TEST(entries.at(left).value == payload(writer, count));
        BOOST_TEST((entries.at(left).version == acknowledged.version || count > acknowledged.count));
        const std::string temporary = key_of_writer("temporary", writer) + "/";
        const auto first = entries.lower_bound(temporary);
        BOOST_REQUIRE((first != entries.end()));
        BOOST_TEST(first->first == temporary + std::to_string(count));
        BOOST_TEST((std::next(first) == entries.end() || !std::next(first)->first.starts_with(temporary)));
    }
}

void check_writers(const std::vector<Entries>& spaces, const Acknowledged& acknowledged) {
    std::vector<std::uint64_t> totals(spaces.size());
    for (int writer = 0; writer < writers; ++writer) {
        const std::size_t space = static_cast<std::size_t>(writer) % spaces.size();
        check_writer(spaces[space], writer, acknowledged.pairs.at(writer));
        totals[space] += number_at(spaces[space], key_of_writer("counter", writer));
    }
    for (std::size_t i = 0; i < spaces.size(); ++i)
        BOOST_TEST(totals[i] == number_at(spaces[i], "total"));
}

void check_swaps(const Entries& entries, const Acknowledged& acknowledged) {
    if (acknowledged.swaps.empty()) return;
    const auto& [count, version] = *acknowledged.swaps.rbegin();
    const std::uint64_t found = number_at(entries, "swapped");
    BOOST_TEST(found >= count);
    if (found == count) BOOST_TEST(entries.at("swapped").version == version);
}

// The history tells every change of every key without a gap, ends in the present state, and has every acknowledged
// version.
void check_history(kv::Engine& engine, const kv::NamespaceName& name, const std::vector<kv::Version>& versions) {
    std::map<std::string, kv::Entry> state;
    std::set<kv::Version> seen;
    kv::Version through = 0;
    for (bool more = true; more;) {
        const auto page = run(engine.changes(name, through, 500, 1 << 20)).value();
        for (const kv::Change& change : page.changes) {
            const auto it = state.find(change.key);
            const kv::Version before = it == state.end() ? 0 : it->second.version;
            if (change.previous_version != before || change.version <= through) {
                BOOST_ERROR("a gap in the history before " << print(change) << ": the change before it is at "
                                                           << before);
                return;
            }
            seen.insert(change.version);
            if (change.kind == kv::Change::Kind::put) {
                state[change.key] = *change.entry;
            } else {
                state.erase(change.key);
            }
        }
        through = page.through;
        more = page.more;
    }
    for (const kv::Version version : versions) {
        if (!seen.contains(version))
            BOOST_ERROR("version " << version << " was acknowledged and is not in the history");
    }
    const Entries entries = read_all(engine, name);
    for (const auto& [key, entry] : entries) {
        if (print_at(state, key) != print(entry)) {
            BOOST_ERROR("the history ends in another state of " << key << ": " << print_at(state, key) << ", it is "
                                                                << print(entry));
        }
    }
    for (const auto& [key, entry] : state) {
        if (!entry.expires_ms && !entries.contains(key))
            BOOST_ERROR("the history ends with " << key << ", which is gone");
    }
}

// Once all that expired is swept, the counters must be those of a recount.
void check_usage(kv::Engine& engine, const kv::NamespaceName& name) {
    const auto deadline = std::chrono::steady_clock::now() + sweep_patience;
    kv::Usage usage;
    kv::Usage counted;
    do {
        counted = {};
        for (const auto& [key, entry] : read_all(engine, name)) {
            ++counted.keys;
            counted.bytes += key.size() + entry.value.size();
        }
        usage = run(engine.usage(name)).value();
        if (usage.keys == counted.keys && usage.bytes == counted.bytes) return;
        std::this_thread::sleep_for(10ms);
    } while (std::chrono::steady_clock::now() < deadline);
    BOOST_ERROR("usage says " << print(usage) << ", a recount " << print(counted));
}

void check_victims(kv::Engine& engine, const Acknowledged& acknowledged) {
    for (const auto& [name, dropped_at] : acknowledged.drops) {
        const auto& [round, dropper, number] = name;
        const kv::NamespaceName space = victim(round, dropper, number);
        const kv::Commit commit = commit_of({put("late", "x")});
        BOOST_TEST(outcome(run(engine.usage(space))) == "not_found");
        BOOST_TEST(outcome(run(engine.commit(space, commit))) == "not_found");
    }
    for (const auto& [name, writes] : acknowledged.victims) {
        if (acknowledged.drops.contains(name)) continue;
        const auto& [round, dropper, number] = name;
        const kv::NamespaceName space = victim(round, dropper, number);
        if (!run(engine.usage(space))) continue;  // the drop was logged, its answer got lost
        const Entries entries = read_all(engine, space);
        for (const auto& [writer, write] : writes) {
            const std::uint64_t count = number_at(entries, key_of_writer("victim", writer));
            BOOST_TEST(write.may_be_at(count),
                       "the victim of dropper " << dropper << " has " << count << ", acknowledged " << write.count);
        }
    }
}

// Only keys of one cycle that was not emptied, and of the acknowledged cycle all.
void check_emptied(kv::Engine& engine, const Acknowledged& acknowledged) {
    for (const auto& [emptier, cycle] : acknowledged.cycles) {
        BOOST_TEST_CONTEXT("emptier " << emptier << " at version " << cycle.version) {
            const kv::NamespaceName name = emptied_namespace(emptier);
            const kv::NamespaceInfo info = run(engine.describe(name)).value();
            const Entries entries = read_all(engine, name);
            const std::uint64_t latest = cycle_of_quota(info.quota);
            BOOST_TEST(latest >= cycle.quota);
            BOOST_TEST(info.usage.version >= cycle.version);
            std::set<std::string> numbers;
            for (const auto& [key, entry] : entries)
                numbers.insert(entry.value);
            BOOST_TEST(numbers.size() <= 1u);
            if (numbers.empty()) continue;
            const std::uint64_t number = std::stoull(*numbers.begin());
            BOOST_TEST((number > cycle.emptied && number <= latest));
            if (number != cycle.filling) continue;
            for (const std::uint64_t key : cycle.filled)
                BOOST_TEST(entries.contains("filled/" + std::to_string(key)));
        }
    }
}

// Sends the acknowledged commit and the next one of every writer again: the first must not run twice, and the
// second runs now unless it had before the crash.
void send_again(kv::Engine& engine, Acknowledged& acknowledged) {
    for (int writer = 0; writer < writers; ++writer) {
        const kv::NamespaceName name = namespace_of_writer(writer);
        Acknowledged::Write& last = acknowledged.pairs[writer];
        if (last.count != 0) {
            kv::Commit again = commit_of_writer(writer, last.count);
            const auto outcome = run(engine.commit(name, std::move(again))).value();
            BOOST_TEST((outcome.replayed && outcome.version == last.version));
        }
        kv::Committed outcome;
        do {
            kv::Commit following = commit_of_writer(writer, ++last.count);
            outcome = run(engine.commit(name, std::move(following))).value();
            BOOST_TEST(outcome.results[1].entry->value == std::to_string(last.count));
        } while (outcome.replayed);
        last.version = outcome.version;
        last.unanswered_max = 0;
        acknowledged.versions[static_cast<std::size_t>(writer) % 4].push_back(outcome.version);
    }
}

// Each file is the content of one upload, whole, and that not older than the acknowledged one; and every content
// that lies in the folder is one of theirs.
void check_files(kv::Engine& engine, const std::filesystem::path& folder, const Acknowledged& acknowledged) {
    std::size_t large = 0;
    kv::Usage expected;
    for (int writer = 0; writer < file_writers; ++writer) {
        const std::string path = file_of_writer(writer);
        const auto file = run(engine.open_file(files_namespace(), path));
        const std::string content = file ? run((*file)->read_all()) : std::string("0");
        const std::uint64_t count = std::stoull(content);
        BOOST_TEST_CONTEXT("file writer " << writer << " at " << count << ", acknowledged "
                                          << acknowledged.files.at(writer).count) {
            BOOST_TEST(acknowledged.files.at(writer).may_be_at(count));
            if (!file) continue;
            BOOST_TEST((content == file_content(writer, count)));
            BOOST_TEST((sha256_of(content) == (*file)->sha256()));
            ++expected.files;
            expected.file_bytes += path.size() + content.size();
            large += content.size() > kv::inline_content_bytes_max ? 1 : 0;
        }
    }
    const auto usage = run(engine.usage(files_namespace())).value();
    BOOST_TEST(usage.files == expected.files);
    BOOST_TEST(usage.file_bytes == expected.file_bytes);
    for (int i = 0; i < 500 && blobs_in(folder).size() != large; ++i)
        std::this_thread::sleep_for(10ms);
    BOOST_TEST(blobs_in(folder).size() == large);
}

}  // namespace

void check_store(kv::Engine& engine, const std::filesystem::path& folder, Acknowledged& acknowledged) {
    for (const std::string& broken : acknowledged.broken)
        BOOST_ERROR(broken);
    const auto names = workload_namespaces();
    BOOST_TEST(acknowledged.latest <= engine.status().version);
    const auto check_all = [&] {
        std::vector<Entries> spaces;
        spaces.reserve(names.size());
        for (const auto& name : names)
            spaces.push_back(read_all(engine, name));
        check_writers(spaces, acknowledged);
        check_swaps(spaces[1], acknowledged);
        check_victims(engine, acknowledged);
        check_emptied(engine, acknowledged);
        check_files(engine, folder, acknowledged);
        for (std::size_t i = 0; i < names.size(); ++i)
            check_history(engine, names[i], acknowledged.versions[i]);
    };
    check_all();
    engine.apply_now();
    check_all();
    for (const auto& name : names)
        check_usage(engine, name);
    for (int emptier = 0; emptier < emptiers; ++emptier)
        check_usage(engine, emptied_namespace(emptier));
    send_again(engine, acknowledged);
    check_all();
}

}  // namespace alcove::test

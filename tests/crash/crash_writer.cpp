// Commits from many coroutines at once until it is killed, and tells every acknowledged commit on its standard
// output: one line, one write, after the answer.
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include "tests/crash/workload.hpp"
#include "tests/support/print.hpp"

namespace alcove::test {
namespace {

using kv::asio::awaitable;

void tell(const std::string& line) {
    const std::string text = line + "\n";
    if (::write(STDOUT_FILENO, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::_Exit(3);
}

std::string words(const char* kind, std::initializer_list<std::uint64_t> numbers) {
    std::string line = kind;
    for (const std::uint64_t number : numbers)
        line += " " + std::to_string(number);
    return line;
}

// Something that no crash explains.
void complain(const std::string& what) {
    tell("broken " + what);
}

std::uint64_t number_in(const std::string& text) {
    return std::strtoull(text.c_str(), nullptr, 10);
}

awaitable<void> write_pairs(kv::Store& store, int writer) {
    const kv::NamespaceName name = namespace_of_writer(writer);
    const std::string counter = key_of_writer("counter", writer);
    const auto before = co_await store.get(name, counter);
    std::uint64_t count = before ? number_in(before->value) : 0;
    for (;;) {
        ++count;
        kv::Commit commit = commit_of_writer(writer, count);
        const auto outcome = co_await store.commit(name, std::move(commit));
        if (!outcome) {
            complain("pair: " + print(outcome.error()));
            co_return;
        }
        if (outcome->replayed || outcome->results[1].entry->value != std::to_string(count)) {
            complain("pair " + std::to_string(count) + ": " + print(*outcome));
            co_return;
        }
        tell(words("pair", {static_cast<std::uint64_t>(writer), count, outcome->version}));
    }
}

awaitable<void> compare_and_swap(kv::Store& store) {
    const kv::NamespaceName name = workspace_namespace(1);
    for (;;) {
        const auto before = co_await store.get(name, "swapped");
        const std::uint64_t count = (before ? number_in(before->value) : 0) + 1;
        kv::Commit commit = commit_of({put("swapped", std::to_string(count))});
        commit.checks.push_back(before ? at_version("swapped", before->version) : absent("swapped"));
        const auto outcome = co_await store.commit(name, std::move(commit));
        if (outcome) tell(words("swap", {count, outcome->version}));
    }
}

awaitable<void> write_expiring(kv::Store& store, int writer, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const kv::NamespaceName name = namespace_of_writer(writer);
    for (;;) {
        const std::string key = "expiring/" + std::to_string(random() % 50);
        const auto ms = static_cast<kv::TimeMs>(1 + random() % 60);
        kv::Commit commit = commit_of({put(key, "x", kv::Expiry::after(ms))});
        const auto outcome = co_await store.commit(name, std::move(commit));
        if (!outcome) complain("expiring: " + print(outcome.error()));
    }
}

// Writes to the newest namespace that its dropper has not dropped yet.
awaitable<void> write_to_victims(kv::Store& store, int writer, std::uint64_t round) {
    const int dropper = writer % droppers;
    std::uint64_t number = 0;
    for (std::uint64_t count = 1;; ++count) {
        const kv::NamespaceName name = victim(round, dropper, number);
        kv::Commit commit = commit_of({put(key_of_writer("victim", writer), std::to_string(count))});
        const auto outcome = co_await store.commit(name, std::move(commit));
        if (outcome) {
            tell(words("victim", {static_cast<std::uint64_t>(dropper), number, static_cast<std::uint64_t>(writer),
                                  count, outcome->version}));
        } else if (outcome.error().code == kv::Errc::not_found) {
            ++number;
        } else {
            complain("victim: " + print(outcome.error()));
        }
    }
}

awaitable<void> drop_victims(kv::Store& store, int dropper, std::uint64_t round, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (std::uint64_t number = 0;; ++number) {
        const kv::NamespaceName name = victim(round, dropper, number);
        for (std::uint64_t i = random() % 20; i > 0; --i) {
            kv::Commit commit = commit_of({put("filler/" + std::to_string(i), "x")});
            co_await store.commit(name, std::move(commit));
        }
        const kv::Owner owner{.workspace = name.workspace,
                              .subject = kv::Owner::Subject{.scope = name.scope, .id = name.subject}};
        const auto version = co_await store.drop_owner(owner);
        if (!version) {
            complain("drop: " + print(version.error()));
            co_return;
        }
        tell(words("drop", {static_cast<std::uint64_t>(dropper), number, *version}));
    }
}

awaitable<void> fill_and_empty(kv::Store& store, int emptier, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const kv::NamespaceName name = emptied_namespace(emptier);
    const auto id = static_cast<std::uint64_t>(emptier);
    const auto before = co_await store.describe(name);
    co_await store.empty(name);  // the cycle that the crash cut short
    for (std::uint64_t number = cycle_of_quota(before->quota) + 1;; ++number) {
        const kv::Quota quota = quota_of_cycle(number);
        const auto set = co_await store.set_quota(name, quota);
        if (!set) {
            complain("quota: " + print(set.error()));
            co_return;
        }
        tell(words("quota", {id, number, *set}));
        for (std::uint64_t i = random() % 20; i > 0; --i) {
            const std::string key = "filled/" + std::to_string(i);
            const auto expiry = random() % 4 == 0 ? kv::Expiry::after(1'000'000) : kv::Expiry::never();
            kv::Commit commit = commit_of({put(key, std::to_string(number), expiry)});
            const auto filled = co_await store.commit(name, std::move(commit));
            if (!filled) complain("fill: " + print(filled.error()));
            if (filled) tell(words("fill", {id, number, i, filled->version}));
        }
        const auto emptied = co_await store.empty(name);
        if (!emptied) {
            complain("empty: " + print(emptied.error()));
            co_return;
        }
        tell(words("empty", {id, number, emptied->version}));
    }
}

awaitable<void> replace_file(kv::Store& store, int writer) {
    const kv::NamespaceName name = files_namespace();
    const std::string path = file_of_writer(writer);
    std::uint64_t count = 0;
    if (const auto before = co_await store.open_file(name, path)) count = number_in(co_await (*before)->read_all());
    for (;;) {
        ++count;
        // One that is given up now and then, as clients do that are cut off.
        if (count % 4 == 0) {
            auto abandoned = co_await store.begin_upload(name, path);
            const std::string content = file_content(writer, count + 1'000'000);
            if (abandoned) co_await (*abandoned)->append(content);
        }
        const auto outcome = co_await upload(store, name, path, file_content(writer, count));
        if (!outcome) {
            complain("file: " + print(outcome.error()));
            co_return;
        }
        tell(words("file", {static_cast<std::uint64_t>(writer), count, outcome->version}));
    }
}

void run_workload(const std::filesystem::path& folder, std::uint64_t seed, std::uint64_t history_bytes) {
    kv::EngineOptions options = workload_options(folder, seed);
    if (history_bytes != 0) options.history_bytes = history_bytes;
    options.notice = [](std::string_view text) { tell("notice " + std::string(text)); };
    const auto engine = kv::open_engine(std::move(options));
    tell("ready");
    boost::asio::io_context context;
    auto finish = [](std::exception_ptr thrown) {
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const std::exception& failure) {
            complain(failure.what());
        }
    };
    const auto spawn = [&](awaitable<void> task) { boost::asio::co_spawn(context, std::move(task), finish); };
    std::mt19937_64 random(seed);
    for (int i = 0; i < writers; ++i)
        spawn(write_pairs(*engine, i));
    for (int i = 0; i < swap_writers; ++i)
        spawn(compare_and_swap(*engine));
    for (int i = 0; i < expiring_writers; ++i)
        spawn(write_expiring(*engine, i, random()));
    for (int i = 0; i < victim_writers; ++i)
        spawn(write_to_victims(*engine, i, seed));
    for (int i = 0; i < droppers; ++i)
        spawn(drop_victims(*engine, i, seed, random()));
    for (int i = 0; i < emptiers; ++i)
        spawn(fill_and_empty(*engine, i, random()));
    for (int i = 0; i < file_writers; ++i)
        spawn(replace_file(*engine, i));
    std::thread other([&] { context.run(); });
    context.run();
    other.join();
}

}  // namespace
}  // namespace alcove::test

int main(int argc, char** argv) {
    if (argc != 4) return 2;
    try {
        alcove::test::run_workload(argv[1], std::strtoull(argv[2], nullptr, 10),
                                   std::strtoull(argv[3], nullptr, 10));
    } catch (const std::exception& failure) {
        std::printf("broken %s\n", failure.what());
        return 1;
    }
}

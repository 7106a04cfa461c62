// Backups of a store that another process writes to with all its might: each is what the store was at one version.
#include <fcntl.h>
#include <signal.h>

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "kv/backup/reader.hpp"
#include "kv/backup/writer.hpp"
#include "kv/lmdb/backup.hpp"
#include "kv/lmdb/check.hpp"
#include "kv/lmdb/restore.hpp"
#include "tests/crash/workload.hpp"
#include "tests/crash/writer_process.hpp"
#include "tests/support/process.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto patience = 60s;
constexpr std::uint64_t history_bytes = std::uint64_t{1} << 20;  // so that segments go all the time

bool within_patience(const std::function<bool()>& holds) {
    for (const auto deadline = Clock::now() + patience; Clock::now() < deadline; std::this_thread::sleep_for(5ms))
        if (holds()) return true;
    return false;
}

// One acknowledged step of the workload.
struct Told {
    std::string kind;
    std::vector<std::uint64_t> numbers;  // the version is the last
    kv::Version version() const { return numbers.back(); }
};

std::vector<Told> told_by(const std::vector<std::string>& lines) {
    std::vector<Told> all;
    for (const std::string& line : lines) {
        std::istringstream words(line);
        Told told;
        words >> told.kind;
        if (told.kind == "ready" || told.kind == "notice") continue;
        if (told.kind == "broken") BOOST_ERROR(line);
        for (std::uint64_t number = 0; words >> number;)
            told.numbers.push_back(number);
        if (!told.numbers.empty()) all.push_back(std::move(told));
    }
    return all;
}

kv::Version last_version(const std::vector<Told>& all) {
    kv::Version last = 0;
    for (const Told& told : all)
        last = std::max(last, told.version());
    return last;
}

// What the store had to be at a version, by what was told. With `slack` an answer may have got lost: then one step
// more of a writer may be there.
class Expected {
public:
    Expected(std::uint64_t seed, const std::vector<Told>& all, kv::Version at, std::uint64_t slack)
        : seed_(seed), slack_(slack) {
        std::vector<const Told*> ordered;
        for (const Told& told : all)
            ordered.push_back(&told);
        std::ranges::sort(ordered, {}, [](const Told* told) { return told->version(); });
        for (const Told* told : ordered)
            told->version() <= at ? take(*told) : ends(*told);
    }

    void compare(kv::Engine& engine) const {
        for (int writer = 0; writer < writers; ++writer)
            compare_writer(engine, writer);
        for (const auto& name : workload_namespaces())
            compare_total(engine, name);
        for (int writer = 0; writer < file_writers; ++writer)
            compare_file(engine, writer);
        for (int emptier = 0; slack_ == 0 && emptier < emptiers; ++emptier)
            compare_emptied(engine, emptier);
        for (const auto& [name, dropped] : victims_) {
            const bool gone = !run(engine.usage(victim(seed_, name.first, name.second)));
            BOOST_TEST((gone == dropped || (slack_ != 0 && gone)));
        }
        const std::uint64_t swapped = number_at(engine, workspace_namespace(1), "swapped");
        BOOST_TEST((swapped >= swaps_ && swapped <= swaps_ + slack_ * swap_writers));
    }

private:
    using Victim = std::pair<int, std::uint64_t>;
    struct Cycle {
        std::uint64_t quota = 0;
        std::map<std::string, std::string> filled;
    };

    static std::uint64_t number_at(kv::Engine& engine, const kv::NamespaceName& name, const std::string& key) {
        const auto entry = run(engine.get(name, key));
        return entry ? std::stoull(entry->value) : 0;
    }

    void take(const Told& told) {
        const auto& n = told.numbers;
        const int who = static_cast<int>(n[0]);
        if (told.kind == "pair") pairs_[who] = n[1];
        if (told.kind == "file") files_[who] = n[1];
        if (told.kind == "swap") swaps_ = std::max(swaps_, n[0]);
        if (told.kind == "quota") cycles_[who].quota = n[1];
        if (told.kind == "fill") cycles_[who].filled["filled/" + std::to_string(n[2])] = std::to_string(n[1]);
        if (told.kind == "empty") cycles_[who].filled.clear();
        if (told.kind == "victim") victims_.emplace(Victim{who, n[1]}, false);
        if (told.kind == "drop") victims_[{who, n[1]}] = true;
    }
    // A writer that was told of a later step had no step between the two.
    void ends(const Told& told) {
        if (told.kind == "pair") ended_pairs_.insert(static_cast<int>(told.numbers[0]));
        if (told.kind == "file") ended_files_.insert(static_cast<int>(told.numbers[0]));
    }

    bool may_be(std::uint64_t found, std::uint64_t told, bool exact) const {
        return found == told || (!exact && found == told + slack_);
    }

    void compare_writer(kv::Engine& engine, int writer) const {
        const auto name = namespace_of_writer(writer);
        const std::uint64_t count = number_at(engine, name, key_of_writer("counter", writer));
        const std::uint64_t told = pairs_.contains(writer) ? pairs_.at(writer) : 0;
        BOOST_TEST(may_be(count, told, ended_pairs_.contains(writer)),
                   "writer " << writer << " is at " << count << ", told " << told);
        if (count == 0) return;
        const std::string temporary = key_of_writer("temporary", writer) + "/";
        for (const char* side : {"left", "right"}) {
            const auto entry = run(engine.get(name, key_of_writer(side, writer)));
            BOOST_TEST((entry && entry->value == payload(writer, count)), side << " of writer " << writer);
        }
        const auto page = run(engine.list(name, {.prefix = temporary}, {})).value();
        BOOST_TEST((page.items.size() == 1 && page.items[0].key == temporary + std::to_string(count)));
    }

    static void compare_total(kv::Engine& engine, const kv::NamespaceName& name) {
        std::uint64_t sum = 0;
        for (int writer = 0; writer < writers; ++writer)
            if (namespace_of_writer(writer) == name)
                sum += number_at(engine, name, key_of_writer("counter", writer));
        BOOST_TEST(sum == number_at(engine, name, "total"));
    }

    void compare_file(kv::Engine& engine, int writer) const {
        const auto file = run(engine.open_file(files_namespace(), file_of_writer(writer)));
        const std::string content = file ? run((*file)->read_all()) : std::string("0");
        const std::uint64_t count = std::stoull(content);
        const std::uint64_t told = files_.contains(writer) ? files_.at(writer) : 0;
        BOOST_TEST(may_be(count, told, ended_files_.contains(writer)),
                   "file writer " << writer << " is at " << count << ", told " << told);
        if (!file) return;
        BOOST_TEST((content == file_content(writer, count)));
        BOOST_TEST((sha256_of(content) == (*file)->sha256()));
    }

    void compare_emptied(kv::Engine& engine, int emptier) const {
        const auto name = emptied_namespace(emptier);
        const Cycle cycle = cycles_.contains(emptier) ? cycles_.at(emptier) : Cycle{};
        BOOST_TEST(cycle_of_quota(run(engine.describe(name)).value().quota) == cycle.quota);
        const auto page = run(engine.list(name, {}, {.values = kv::Values::include})).value();
        std::map<std::string, std::string> found;
        for (const auto& item : page.items)
            found.emplace(item.key, item.entry.value);
        BOOST_TEST((found == cycle.filled),
                   "emptier " << emptier << " has " << found.size() << " keys instead of " << cycle.filled.size());
    }

    const std::uint64_t seed_;
    const std::uint64_t slack_;
    std::map<int, std::uint64_t> pairs_;
    std::map<int, std::uint64_t> files_;
    std::set<int> ended_pairs_;
    std::set<int> ended_files_;
    std::uint64_t swaps_ = 0;
    std::map<int, Cycle> cycles_;
    std::map<Victim, bool> victims_;  // whether it was dropped
};

enum class Form : bool { folder, archive };

// A store that is being written to, its backup, and what becomes of that.
class LiveStore {
public:
    explicit LiveStore(std::uint64_t seed) : seed_(seed) {
        writer_.emplace(store_, seed, history_bytes);
        BOOST_REQUIRE(writer_->wait_until_ready());
    }

    kv::BackupReport back_up(Form form) {
        std::filesystem::remove_all(backup_);
        std::filesystem::remove(archive_);
        const kv::BackupOptions options{.directory = store_, .program_version = "test"};
        if (form == Form::folder) return kv::back_up(options, *kv::backup::write_folder(backup_));
        const kv::Descriptor file(::open(archive_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
        return kv::back_up(options, *kv::backup::write_tar(file.get(), folder_.path()));
    }

    void compare_restored(Form form, const std::vector<Told>& all, kv::Version at, std::uint64_t slack) {
        std::filesystem::remove_all(restored_);
        if (form == Form::folder) {
            kv::restore(*kv::backup::read_folder(backup_), {.directory = restored_});
        } else {
            const kv::Descriptor file(::open(archive_.c_str(), O_RDONLY));
            kv::restore(*kv::backup::read_tar(file.get()), {.directory = restored_});
        }
        const auto options = workload_options(restored_, seed_);
        BOOST_TEST(kv::check_store(options).problems == std::vector<std::string>(),
                   boost::test_tools::per_element());
        const auto engine = kv::open_engine(options);
        Expected(seed_, all, at, slack).compare(*engine);
    }

    void kill_and_start_again() {
        writer_->kill();
        writer_.emplace(store_, seed_ + 1, history_bytes);
        BOOST_REQUIRE(writer_->wait_until_ready());
    }

    WriterProcess& writer() { return *writer_; }
    const std::filesystem::path& store() const { return store_; }
    std::size_t blobs() const {
        std::size_t count = 0;
        const auto skip = std::filesystem::directory_options::skip_permission_denied;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(store_ / "blobs", skip))
            count += entry.path().filename().native().size() > 2 ? 1 : 0;
        return count;
    }

private:
    const std::uint64_t seed_;
    TemporaryFolder folder_;
    const std::filesystem::path store_ = folder_ / "store";
    const std::filesystem::path backup_ = folder_ / "backup";
    const std::filesystem::path archive_ = folder_ / "backup.tar";
    const std::filesystem::path restored_ = folder_ / "restored";
    std::optional<WriterProcess> writer_;
};

BOOST_AUTO_TEST_SUITE(backup_under_load)

BOOST_AUTO_TEST_CASE(a_backup_restores_to_what_the_store_was_at_its_version) {
    std::uint64_t steps = 0;
    // Each seed has another size of segments, of overlays, and another rhythm of applications.
    for (const std::uint64_t seed : {0U, 4U, 8U, 12U, 14U}) {
        LiveStore live(seed);
        for (const Form form : {Form::folder, Form::archive, Form::folder}) {
            BOOST_TEST_CONTEXT("seed " << seed << (form == Form::folder ? ", folder" : ", archive")) {
                std::this_thread::sleep_for(100ms);
                const auto before = last_version(told_by(live.writer().lines()));
                const auto report = live.back_up(form);
                BOOST_TEST(report.version >= before);
                // Nothing that was under way at that version is open any more: everybody was answered since.
                const bool passed = within_patience([&] {
                    std::set<std::string> later;
                    for (const Told& told : told_by(live.writer().lines())) {
                        if (told.version() <= report.version) continue;
                        if (told.kind != "pair" && told.kind != "file" && told.kind != "quota") continue;
                        later.insert(told.kind + std::to_string(told.numbers[0]));
                    }
                    return later.size() == static_cast<std::size_t>(writers + file_writers + emptiers);
                });
                BOOST_TEST(passed);
                const auto all = told_by(live.writer().lines());
                steps += all.size();
                live.compare_restored(form, all, report.version, 0);
            }
        }
    }
    BOOST_TEST_MESSAGE(steps << " acknowledged steps around 15 backups");
}

BOOST_AUTO_TEST_CASE(a_backup_of_a_store_whose_process_is_killed_meanwhile_is_good_or_none) {
    std::size_t good = 0;
    std::mt19937_64 random(7);
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            LiveStore live(seed);
            std::this_thread::sleep_for(200ms);
            const auto before = last_version(told_by(live.writer().lines()));
            std::optional<kv::BackupReport> report;
            std::thread backing_up([&] {
                try {
                    report = live.back_up(Form::folder);
                } catch (const kv::StoreFailure& failure) {
                    BOOST_TEST_MESSAGE(failure.what());
                }
            });
            std::this_thread::sleep_for(std::chrono::milliseconds(random() % 40));
            const auto all = told_by(live.writer().kill());
            backing_up.join();
            if (!report) continue;
            ++good;
            BOOST_TEST(report->version >= before);
            live.compare_restored(Form::folder, all, report->version, 1);
        }
    }
    BOOST_TEST(good > 0U);
}

BOOST_AUTO_TEST_CASE(a_killed_backup_leaves_the_store_well_and_its_unlinking_goes_on) {
    LiveStore live(1);
    constexpr std::size_t held = 60;
    const std::size_t usual = static_cast<std::size_t>(4 * file_writers);
    {
        // Nobody reads its stdout, so it stops in the middle.
        const BackgroundProgram backup({ALCOVE_BINARY, "backup", "-", "--data", live.store().string()});
        BOOST_TEST(within_patience([&] { return live.blobs() > held; }));
        live.kill_and_start_again();
        BOOST_TEST(within_patience([&] { return live.blobs() > 2 * held; }));
        ::kill(backup.pid(), SIGKILL);
    }
    BOOST_TEST(within_patience([&] { return live.blobs() <= usual; }));
    const auto report = live.back_up(Form::folder);
    BOOST_TEST(report.version > 0U);
    live.writer().kill();
    BOOST_TEST(kv::check_store(workload_options(live.store(), 1)).clean());
}

BOOST_AUTO_TEST_CASE(a_compaction_that_is_killed_leaves_the_old_index_or_the_new_one) {
    TemporaryFolder folder;
    const auto options = workload_options(folder / "store", 2);
    {
        const auto engine = kv::open_engine(options);
        for (int i = 0; i < 400; ++i) {
            kv::Commit commit = commit_of({put("k" + std::to_string(i), std::string(60'000, 'x'))});
            run(engine->commit(workspace_namespace(), std::move(commit))).value();
        }
        run(engine->commit(workspace_namespace(), commit_of({delete_prefix("k1"), put("stays", "1")}))).value();
    }
    std::mt19937_64 random(1);
    for (int round = 0; round < 12; ++round) {
        {
            const BackgroundProgram compaction({ALCOVE_BINARY, "compact", "--data", options.directory.string()});
            std::this_thread::sleep_for(std::chrono::microseconds(random() % 150'000));
        }
        BOOST_TEST(kv::check_store(options).clean(), "round " << round);
        const auto engine = kv::open_engine(options);
        BOOST_TEST(run(engine->get(workspace_namespace(), "stays")).value().value == "1");
        BOOST_TEST(run(engine->usage(workspace_namespace())).value().keys == 290U);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

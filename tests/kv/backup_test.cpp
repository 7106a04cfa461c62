// Backup and restore: all of a store, as another store; and nothing of a backup that is damaged, cut off or
// hostile.
#include <fcntl.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <iterator>

#include "kv/backup/format.hpp"
#include "kv/backup/reader.hpp"
#include "kv/backup/writer.hpp"
#include "kv/lmdb/backup.hpp"
#include "kv/lmdb/check.hpp"
#include "kv/lmdb/restore.hpp"
#include "kv/unlinking.hpp"
#include "tests/support/files.hpp"
#include "tests/support/process.hpp"
#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;
namespace fs = std::filesystem;

namespace {

constexpr kv::Version life = kv::Version{1} << 40;

std::string text_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_text(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
}

// What stands in all the namespaces of the test, with versions.
std::string print_all(kv::Store& store, const std::vector<kv::NamespaceName>& names) {
    std::string text;
    for (const auto& name : names) {
        for (const auto collection : {kv::Collection::key, kv::Collection::file}) {
            const auto page = run(store.list(name, {}, {.values = kv::Values::include}, collection));
            if (!page) {
                text += std::string(kv::to_string(page.error().code)) + "\n";
                continue;
            }
            for (const auto& item : page->items)
                text += std::string(item.key) + " " + print(to_entry(item.entry)) + "\n";
        }
        const auto info = run(store.describe(name));
        if (info) text += print(info->usage) + " " + std::to_string(info->quota.bytes.value_or(0)) + "\n";
    }
    return text;
}

class BackupFixture : public StoreFixture {
public:
    kv::BackupReport back_up(kv::backup::Writer& to, const kv::backup::TellProgress& tell = {}) {
        close();
        return kv::back_up({.directory = options.directory, .program_version = "1.2.3", .tell = tell}, to);
    }
    kv::BackupReport back_up() { return back_up(*kv::backup::write_folder(backup)); }
    kv::BackupReport back_up_to_tar() {
        const kv::Descriptor file(::open(tar.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
        return back_up(*kv::backup::write_tar(file.get(), folder.path()));
    }

    kv::RestoreReport restore(kv::backup::Reader& from) { return kv::restore(from, {.directory = restored}); }
    kv::RestoreReport restore() { return restore(*kv::backup::read_folder(backup)); }
    kv::RestoreReport restore_tar() {
        const kv::Descriptor file(::open(tar.c_str(), O_RDONLY));
        return restore(*kv::backup::read_tar(file.get()));
    }

    // Why it is refused; empty when it is not. What is refused leaves nothing behind.
    template <class Work>
    std::string refusal(Work work) {
        try {
            work();
            return {};
        } catch (const kv::StoreFailure& failure) {
            BOOST_TEST(!fs::exists(restored));
            return failure.what();
        }
    }
    std::string refusal_of_folder() {
        return refusal([this] { restore(); });
    }
    std::string refusal_of_tar() {
        return refusal([this] { restore_tar(); });
    }

    // From now on store() is the restored one.
    void go_on_restored() {
        close();
        options.directory = restored;
        BOOST_TEST(kv::check_store(options).problems == std::vector<std::string>(),
                   boost::test_tools::per_element());
    }

    void fill() {
        for (const auto& each : names) {
            name = each;
            commit({put("a", "1"), put_json("list", "[1]"), put("mortal", "x", kv::Expiry::after(1'000'000))});
            commit({add_to_list("list", "2"), del("a"), put("b", std::string(5'000, 'b'))});
            run(upload(store(), name, "small", "content")).value();
            run(upload(store(), name, "large", content_of(1, 100'000))).value();
            run(upload(store(), name, "large", content_of(2, 200'000))).value();
        }
        name = names[1];
        run(store().set_quota(name, {.bytes = 5'000'000, .keys = {}, .writes_per_second = {}})).value();
        run(store().empty(names[2])).value();
        run(store().commit(names[2], commit_of({put("after", "emptied")}))).value();
        const kv::Owner owner{.workspace = dropped.workspace, .subject = {}};
        run(store().commit(dropped, commit_of({put("a", "1")}))).value();
        run(store().drop_owner(owner)).value();
    }

    std::vector<kv::NamespaceName> names = {kv::system_namespace(), workspace_namespace(1), end_user_namespace(1),
                                            external_namespace("tenant")};
    kv::NamespaceName dropped = workspace_namespace(9);
    fs::path backup = folder / "backup";
    fs::path tar = folder / "backup.tar";
    fs::path restored = folder / "restored";
};

bool holds(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file()) files.push_back(entry.path());
    return files;
}

kv::Commit with_request_id(const std::string& key) {
    kv::Commit commit = commit_of({increment(key)});
    commit.request_id = kv::RequestId{.id = "request", .digest = "digest"};
    return commit;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(backup, BackupFixture)

BOOST_AUTO_TEST_CASE(a_restored_store_holds_all_that_the_store_held) {
    for (const bool applied : {true, false}) {
        BOOST_TEST_CONTEXT("applied " << applied) {
            close();
            options.directory = folder / (applied ? "applied" : "logged");
            backup = folder / (applied ? "backup 1" : "backup 2");
            restored = folder / (applied ? "restored 1" : "restored 2");
            fill();
            run(store().commit(names[1], with_request_id("counter"))).value();
            if (applied) store().apply_now();
            const auto version = store().status().version;
            const auto all = print_all(store(), names);

            const auto report = back_up();
            const auto outcome = restore();

            BOOST_TEST(report.version == version);
            BOOST_TEST(outcome.backed_up == version);
            BOOST_TEST(report.bytes == outcome.bytes);
            BOOST_TEST(report.files == outcome.files);
            go_on_restored();
            BOOST_TEST(print_all(store(), names) == all);
            BOOST_TEST(test::outcome(run(store().usage(dropped))) == "not_found");
            for (const std::size_t i : {0U, 1U, 3U}) {
                const auto file = run(store().open_file(names[i], "large")).value();
                BOOST_TEST((run(file->read_all()) == content_of(2, 200'000)));
            }
            BOOST_TEST(eventually([&] { return blobs_in(restored).size() == 3; }));
            const auto again = run(store().commit(names[1], with_request_id("counter"))).value();
            BOOST_TEST(again.replayed);
            BOOST_TEST(again.version == version);
            name = names[1];
            clock.advance(1'000'000);
            BOOST_TEST(get("mortal") == "not_found");
            BOOST_TEST(get("counter") == "1");
        }
    }
}

BOOST_AUTO_TEST_CASE(each_life_has_an_epoch_and_versions_of_its_own_and_begins_its_history) {
    commit({put("a", "1")});
    commit({put("b", "1")});
    std::string epoch = store().epoch();
    for (const kv::Version restores : {1, 2, 3}) {
        BOOST_TEST_CONTEXT("restored " << restores << " times") {
            backup = folder / ("backup " + std::to_string(restores));
            restored = folder / ("restored " + std::to_string(restores));
            back_up();
            const auto outcome = restore();
            go_on_restored();
            BOOST_TEST(store().epoch() != epoch);
            BOOST_TEST(store().epoch() == outcome.epoch);
            epoch = outcome.epoch;
            BOOST_TEST(outcome.version == restores * life);
            BOOST_TEST(store().status().version == restores * life);
            BOOST_TEST(changes() == "compacted");
            BOOST_TEST(changes(usage().version) == "");
            BOOST_TEST(commit({put("a", "2"), del("b")}).value().version == restores * life + 1);
            BOOST_TEST(changes(restores * life) == "put a, remove b");
            BOOST_TEST(changes() == "compacted");
            commit({put("b", "3")});
            reopen();
            BOOST_TEST(changes(restores * life) == "put a, remove b, put b");
        }
    }
}

BOOST_AUTO_TEST_CASE(two_restores_of_one_backup_are_two_stores) {
    commit({put("a", "1")});
    back_up();
    const auto first = restore();
    restored = folder / "another";
    const auto second = restore();
    BOOST_TEST(first.epoch != second.epoch);
    // A log of the one is none of the other.
    close();
    fs::remove_all(restored / "log");
    fs::copy(folder / "restored" / "log", restored / "log");
    options.directory = restored;
    BOOST_CHECK_THROW(store(), kv::StoreFailure);
}

BOOST_AUTO_TEST_CASE(an_empty_store_can_be_backed_up_and_restored) {
    store();
    BOOST_TEST(back_up().version == 0U);
    restore();
    go_on_restored();
    BOOST_TEST(commit({put("a", "1")}).value().version == life + 1);
}

BOOST_AUTO_TEST_CASE(what_is_half_applied_and_what_is_being_freed_is_restored) {
    for (int i = 0; i < 300; ++i)
        commit({put("k" + std::to_string(i % 50), std::string(20'000, static_cast<char>('a' + i % 26)))});
    store().apply_now();
    for (int i = 0; i < 30; ++i)
        run(upload(store(), name, "f" + std::to_string(i % 3), content_of(i, 30'000))).value();
    run(store().empty(name)).value();
    run(upload(store(), name, "f", content_of(99, 30'000))).value();
    const auto all = print_all(store(), names);
    back_up();
    restore();
    go_on_restored();
    BOOST_TEST(print_all(store(), names) == all);
    store().apply_now();
    BOOST_TEST(eventually([&] { return blobs_in(restored).size() == 1; }));
    close();
    BOOST_TEST(kv::check_store(options).clean());
}

BOOST_AUTO_TEST_CASE(a_backup_has_no_master_key_and_nobody_else_may_read_it) {
    fill();
    write_text(options.directory / "master.key", "secret");
    back_up();
    BOOST_TEST(!fs::exists(backup / "master.key"));
    const auto mode = [](const fs::path& path) {
        struct stat status{};
        ::stat(path.c_str(), &status);
        return status.st_mode & 0777;
    };
    BOOST_TEST(mode(backup) == 0700U);
    restore();
    for (const auto& each : {backup, restored}) {
        BOOST_TEST(mode(each) == 0700U);
        for (const auto& file : files_in(each))
            BOOST_TEST(mode(file) == 0600U, file);
    }
}

BOOST_AUTO_TEST_CASE(sha256sum_finds_a_backup_whole) {
    fill();
    back_up();
    const auto checked = run_program({"/bin/sh", "-c", "cd '" + backup.string() + "' && sha256sum -c SHA256SUMS"});
    BOOST_TEST(checked.status == 0, checked.output);
}

BOOST_AUTO_TEST_CASE(a_folder_without_a_store_is_not_backed_up_and_stays_as_it_is) {
    options.directory = folder / "nothing";
    BOOST_TEST(holds(refusal([this] { back_up(); }), "there is no store in"));
    BOOST_TEST(!fs::exists(options.directory));
    fs::create_directory(options.directory);
    BOOST_TEST(holds(refusal([this] { back_up(); }), "there is no store in"));
    BOOST_TEST(fs::is_empty(options.directory));
    BOOST_TEST(!fs::exists(backup));
    BOOST_TEST(!fs::exists(backup.native() + ".draft"));
}

BOOST_AUTO_TEST_CASE(a_backup_overwrites_nothing) {
    commit({put("a", "1")});
    fs::create_directory(backup);
    write_text(backup / "mine", "text");
    BOOST_TEST(holds(refusal([this] { back_up(); }), "is not empty"));
    BOOST_TEST(text_of(backup / "mine") == "text");
    fs::remove(backup / "mine");
    back_up();
    BOOST_TEST(refusal_of_folder() == "");
}

BOOST_AUTO_TEST_CASE(a_restore_overwrites_nothing_and_leaves_a_master_key_alone) {
    commit({put("a", "1")});
    back_up();
    fs::create_directory(restored);
    write_text(restored / "mine", "text");
    BOOST_CHECK_THROW(restore(), kv::StoreFailure);
    BOOST_TEST(files_in(restored).size() == 1U);
    fs::rename(restored / "mine", restored / "master.key");
    restore();
    BOOST_TEST(text_of(restored / "master.key") == "text");
    BOOST_CHECK_THROW(restore(), kv::StoreFailure);
    go_on_restored();
    BOOST_TEST(get("a") == "1");
}

BOOST_AUTO_TEST_CASE(a_backup_that_ends_early_leaves_nothing_behind) {
    fill();
    for (std::uint64_t after = 0; after < 8; ++after) {
        std::uint64_t told = 0;
        const auto give_up = [&](const kv::backup::Progress&) {
            if (told++ == after) throw kv::StoreFailure("enough");
        };
        BOOST_TEST(refusal([&] { back_up(*kv::backup::write_folder(backup), give_up); }) == "enough");
        BOOST_TEST(!fs::exists(backup));
        BOOST_TEST(!fs::exists(backup.native() + ".draft"));
    }
}

BOOST_AUTO_TEST_CASE(what_a_killed_backup_left_is_replaced_and_what_another_writes_is_not) {
    commit({put("a", "1")});
    fs::create_directories(backup.native() + ".draft/index");
    write_text(backup.native() + ".draft/index/data.mdb", "half");
    {
        const auto other = kv::backup::write_folder(backup);
        BOOST_TEST(holds(refusal([this] { back_up(); }), "another backup is writing"));
    }
    fs::create_directories(backup.native() + ".draft/index");
    back_up();
    BOOST_TEST(refusal_of_folder() == "");
}

BOOST_AUTO_TEST_CASE(a_store_that_lacks_a_content_is_not_backed_up) {
    fill();
    store().apply_now();
    close();
    const auto gone = blobs_in(options.directory).front();
    fs::remove(gone);
    const auto why = refusal([this] { back_up(); });
    BOOST_TEST(holds(why, gone.string()), why);
    BOOST_TEST(!fs::exists(backup));
}

BOOST_AUTO_TEST_CASE(every_damage_of_every_file_is_found_and_named) {
    fill();
    back_up();
    BOOST_TEST(files_in(backup).size() >= 6U);
    for (const auto& file : files_in(backup)) {
        const auto text = text_of(file);
        const auto part = file.lexically_relative(backup).string();
        const auto expect = [&](const char* what) {
            const auto why = refusal_of_folder();
            BOOST_TEST(holds(why, part), part << " " << what << ": '" << why << "'");
        };
        // Some of the manifest says nothing that matters; yet it is in SHA256SUMS.
        for (const std::size_t at : {std::size_t{0}, text.size() / 2, text.size() - 2}) {
            auto damaged = text;
            damaged[at] = static_cast<char>(damaged[at] ^ 1);
            write_text(file, damaged);
            const auto why = refusal_of_folder();
            BOOST_TEST((holds(why, part) || part == "SHA256SUMS"), part << " at " << at << ": '" << why << "'");
            BOOST_TEST(why != "");
        }
        write_text(file, text.substr(0, text.size() - 3));
        BOOST_TEST(refusal_of_folder() != "");
        write_text(file, text + "x");
        BOOST_TEST(refusal_of_folder() != "");
        fs::remove(file);
        if (part == "manifest.json" || part == "SHA256SUMS") {
            BOOST_TEST(holds(refusal_of_folder(), "there is no whole backup in"));
        } else {
            expect("removed");
        }
        write_text(file, text);
    }
    BOOST_TEST(refusal_of_folder() == "");
}

BOOST_AUTO_TEST_CASE(a_list_that_lacks_a_file_is_refused) {
    fill();
    back_up();
    std::string sums = text_of(backup / "SHA256SUMS");
    sums.erase(sums.rfind('\n', sums.size() - 2) + 1);
    write_text(backup / "SHA256SUMS", sums);
    BOOST_TEST(holds(refusal_of_folder(), "lacks files"));
}

BOOST_AUTO_TEST_CASE(a_backup_of_another_format_is_refused) {
    commit({put("a", "1")});
    back_up();
    std::string manifest = text_of(backup / "manifest.json");
    manifest.replace(manifest.find("\"format\":1"), 10, "\"format\":2");
    write_text(backup / "manifest.json", manifest);
    BOOST_TEST(refusal_of_folder() == "the backup has format 2; this program reads format 1");
}

BOOST_AUTO_TEST_CASE(a_tar_archive_is_the_same_backup) {
    fill();
    const auto all = print_all(store(), names);
    const auto report = back_up_to_tar();
    // Other programs read it too.
    fs::create_directory(backup);
    const auto unpacked = run_program({"/usr/bin/env", "tar", "-C", backup.string(), "-xf", tar.string()});
    BOOST_TEST(unpacked.status == 0, unpacked.output);
    const auto from_tar = restore_tar();
    BOOST_TEST(from_tar.bytes == report.bytes);
    go_on_restored();
    BOOST_TEST(print_all(store(), names) == all);
    restored = folder / "restored from the folder";
    restore();
    go_on_restored();
    BOOST_TEST(print_all(store(), names) == all);
}

BOOST_AUTO_TEST_CASE(an_archive_that_is_cut_off_anywhere_is_refused) {
    fill();
    back_up_to_tar();
    const std::string all = text_of(tar);
    // The end of an archive is two blocks of zeros, and padding.
    const std::size_t end = all.find_last_not_of('\0');
    for (std::size_t size = 0; size < end; size += std::max<std::size_t>(512, end / 97 / 512 * 512)) {
        for (const std::size_t more : {0U, 300U}) {
            write_text(tar, all.substr(0, size + more));
            BOOST_TEST(refusal_of_tar() != "", "cut after " << size + more);
        }
    }
    write_text(tar, all.substr(0, end - 70));
    BOOST_TEST(refusal_of_tar() != "");
    write_text(tar, all);
    BOOST_TEST(refusal_of_tar() == "");
}

BOOST_AUTO_TEST_CASE(a_backup_to_an_archive_that_ends_early_is_refused) {
    fill();
    for (std::uint64_t after = 1; after < 8; ++after) {
        std::uint64_t told = 0;
        const kv::Descriptor file(::open(tar.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
        const auto give_up = [&](const kv::backup::Progress&) {
            if (told++ == after) throw kv::StoreFailure("enough");
        };
        BOOST_TEST(refusal([&] { back_up(*kv::backup::write_tar(file.get(), folder.path()), give_up); }) ==
                   "enough");
        BOOST_TEST(refusal_of_tar() != "");
    }
}

namespace {

// An archive of what no backup would hold.
class HostileFixture : public BackupFixture {
public:
    HostileFixture() {
        manifest = {.alcove = "x", .store = "x", .epoch = "x", .version = 1, .files = 3, .bytes = 1'000};
    }

    struct Part {
        std::string path;
        std::string text;
        std::optional<std::uint64_t> bytes{};  // what it says that it has
    };
    std::string refusal_of(const std::vector<Part>& parts) {
        const kv::Descriptor file(::open(tar.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600));
        {
            const auto writer = kv::backup::write_tar(file.get(), folder.path());
            const auto add = [&](const Part& part) {
                writer->add(part.path, part.bytes.value_or(part.text.size()), kv::backup::source_of(part.text));
            };
            try {
                add({std::string(kv::backup::manifest_path), kv::backup::print(manifest)});
                for (const Part& part : parts)
                    add(part);
                writer->finish();
            } catch (const kv::StoreFailure&) {  // a size that is a lie
            }
        }
        const auto before = files_in(folder.path()).size();
        const auto why = refusal_of_tar();
        BOOST_TEST(files_in(folder.path()).size() == before);
        return why;
    }

    kv::backup::Manifest manifest;
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(names_that_lead_elsewhere_are_refused, HostileFixture) {
    const std::string id(32, 'a');
    for (const std::string& name : {std::string("../evil"),
                                    std::string("/tmp/evil"),
                                    std::string("index/../../evil"),
                                    std::string("evil"),
                                    std::string("index"),
                                    std::string("index/lock.mdb"),
                                    std::string("index//data.mdb"),
                                    std::string("./index/data.mdb"),
                                    std::string("log/../evil.log"),
                                    std::string("log/1.log"),
                                    std::string("log/000000000000000G.log"),
                                    std::string("log/0000000000000001.log/x"),
                                    std::string("master.key"),
                                    std::string("lock"),
                                    "blobs/" + id,
                                    "blobs/bb/" + id,
                                    "blobs/aa/../" + id,
                                    "blobs/aa/" + id + "a",
                                    "blobs/aa/" + id.substr(1),
                                    "blobs/aa/" + id + "/x",
                                    "blobs//" + id + "aa"}) {
        BOOST_TEST(refusal_of({{name, "evil"}}) == "the backup holds a file that no backup has", name);
    }
}

BOOST_FIXTURE_TEST_CASE(more_than_was_announced_is_refused, HostileFixture) {
    const std::string index(kv::backup::index_path);
    BOOST_TEST(holds(refusal_of({{index, std::string(1'001, 'x')}}), "more than its manifest.json says"));
    BOOST_TEST(holds(refusal_of({{index, std::string(30'000, 'x'), std::uint64_t{1} << 50}}),
                     "more than its manifest.json says"));
    const auto segment = [](int i) { return "log/000000000000000" + std::to_string(i) + ".log"; };
    BOOST_TEST(holds(refusal_of({{index, "x"}, {segment(1), "x"}, {segment(2), "x"}, {segment(3), "x"}}),
                     "more than its manifest.json says"));
    BOOST_TEST(holds(refusal_of({{index, std::string(600, 'x')}, {segment(1), std::string(600, 'x')}}),
                     "more than its manifest.json says"));
    BOOST_TEST(refusal_of({{index, "x"}, {index, "y"}}) != "");
    manifest.bytes = std::uint64_t{1} << 60;
    BOOST_TEST(holds(refusal_of({{index, "x"}}), "has no room"));
}

BOOST_FIXTURE_TEST_CASE(what_begins_or_ends_otherwise_is_refused, HostileFixture) {
    write_text(tar, "");
    BOOST_TEST(refusal_of_tar() != "");
    write_text(tar, std::string(20'480, '\0'));
    BOOST_TEST(refusal_of_tar() == "this is no backup of a store");
    write_text(tar, content_of(1, 100'000));
    BOOST_TEST(refusal_of_tar() != "");
    BOOST_TEST(refusal_of({}) == "the backup is cut off");
    BOOST_TEST(refusal_of({{std::string(kv::backup::sums_path), "nothing\n"}}) != "");
    BOOST_TEST(refusal_of({{std::string(kv::backup::sums_path), std::string(100'000, 'x')}}) ==
               "SHA256SUMS of the backup is damaged");
    for (const auto* text : {"", "{", "[]", "{\"format\":1}", R"({"format":"1"})", R"({"format":-1})"}) {
        write_text(folder / "manifest.json", text);
        run_program({"/usr/bin/env", "tar", "-C", folder.path().string(), "-cf", tar.string(), "manifest.json"});
        BOOST_TEST(holds(refusal_of_tar(), "manifest.json"), text);
    }
}

BOOST_FIXTURE_TEST_CASE(links_and_folders_are_refused, HostileFixture) {
    fs::create_directories(folder / "x/index");
    write_text(folder / "x/manifest.json", kv::backup::print(manifest));
    fs::create_symlink("/etc/passwd", folder / "x/index/data.mdb");
    const auto pack = [&](const std::string& member) {
        const auto packed = run_program({"/usr/bin/env", "tar", "-C", (folder / "x").string(), "-cf", tar.string(),
                                         "--no-recursion", "manifest.json", member});
        BOOST_TEST(packed.status == 0, packed.output);
    };
    pack("index/data.mdb");
    BOOST_TEST(refusal_of_tar() == "the archive holds something else than files");
    pack("index");
    BOOST_TEST(refusal_of_tar() == "the archive holds something else than files");
    fs::remove(folder / "x/index/data.mdb");
    fs::create_hard_link(folder / "x/manifest.json", folder / "x/index/data.mdb");
    pack("index/data.mdb");
    BOOST_TEST(refusal_of_tar() == "the archive holds something else than files");
}

BOOST_AUTO_TEST_CASE(a_manifest_of_another_store_is_refused) {
    commit({put("a", "1")});
    back_up();
    const auto change = [this](const std::string& what) {
        std::string manifest = text_of(backup / "manifest.json");
        auto at = manifest.find("\"" + what + "\":") + what.size() + 3;
        if (manifest[at] == '"') ++at;
        manifest[at] = manifest[at] == '1' ? '2' : '1';
        write_text(backup / "manifest.json", manifest);
        run_program({"/bin/sh", "-c",
                     "cd '" + backup.string() +
                         "' && sha256sum manifest.json index/data.mdb log/* > s && mv s SHA256SUMS"});
    };
    change("version");
    BOOST_TEST(holds(refusal_of_folder(), "the backup holds version 1 instead of 2"));
    change("version");
    BOOST_TEST(refusal_of_folder() == "");
    fs::remove_all(restored);
    change("store");
    BOOST_TEST(refusal_of_folder() == "the backup's manifest.json is that of another store");
}

BOOST_AUTO_TEST_CASE(a_restore_that_was_killed_is_no_store_and_can_be_run_again) {
    commit({put("a", "1")});
    back_up();
    fs::create_directories(restored / "restore.draft" / "index");
    options.directory = restored;
    close();
    try {
        store();
        BOOST_ERROR("it was opened");
    } catch (const kv::StoreFailure& failure) {
        BOOST_TEST(holds(failure.what(), "was cut off"), failure.what());
    }
    restore();
    go_on_restored();
    BOOST_TEST(get("a") == "1");
    // Between the log's taking of its place and the index's.
    close();
    fs::rename(restored / "index", folder / "index");
    BOOST_CHECK_THROW(store(), kv::StoreFailure);
}

BOOST_AUTO_TEST_CASE(while_a_backup_holds_it_back_nothing_is_unlinked) {
    options.history_bytes = 1;
    const auto segments = [this] { return files_in(options.directory / "log").size(); };
    const auto write_segments = [this] {
        for (int i = 0; i < 40; ++i)
            commit({put("k", std::string(30'000, 'x'))});
        store().apply_now();
    };
    run(upload(store(), name, "f", content_of(0, 100'000))).value();
    {
        const kv::UnlinkingHeld held(options.directory);
        for (std::uint64_t i = 1; i <= 5; ++i)
            run(upload(store(), name, "f", content_of(i, 100'000))).value();
        write_segments();
        std::this_thread::sleep_for(std::chrono::milliseconds(1'500));  // the applier has tried
        BOOST_TEST(blobs_in(options.directory).size() == 6U);
        BOOST_TEST(segments() >= 5U);
        reopen();  // whose sweep is held back too
        std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
        BOOST_TEST(blobs_in(options.directory).size() == 6U);
        BOOST_TEST(segments() >= 5U);
    }
    BOOST_TEST(eventually([&] { return blobs_in(options.directory).size() == 1; }));
    BOOST_TEST(eventually([&] { return segments() <= 2; }));
    const auto file = run(store().open_file(name, "f")).value();
    BOOST_TEST((run(file->read_all()) == content_of(5, 100'000)));
}

BOOST_AUTO_TEST_SUITE_END()

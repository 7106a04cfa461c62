// Files: what is read is what was written, nothing is seen before it is whole, and what nobody needs goes.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>
#include <random>

#include "kv/files/content.hpp"
#include "tests/support/files.hpp"
#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;

namespace {

constexpr std::size_t small_bytes = kv::inline_content_bytes_max;
constexpr std::size_t large_bytes = 600'000;

class FilesFixture : public StoreFixture {
public:
    std::string put_file(std::string_view path, const std::string& content, kv::FileCommit commit = {}) {
        return outcome(run(upload(store(), name, std::string(path), content, std::move(commit))));
    }
    std::unique_ptr<kv::File> open(std::string_view path) {
        auto file = run(store().open_file(name, path));
        return file ? std::move(*file) : nullptr;
    }
    std::string content(std::string_view path) {
        const auto file = open(path);
        if (!file) return "none";
        const auto bytes = run(file->read_all());
        BOOST_TEST(bytes.size() == file->size());
        BOOST_TEST((sha256_of(bytes) == file->sha256()));
        return bytes;
    }
    std::string remove(std::string_view path) {
        kv::Commit commit = commit_of({del(path)});
        commit.collection = kv::Collection::file;
        return outcome(run(store().commit(name, std::move(commit))));
    }
    std::unique_ptr<kv::Upload> begin(std::string_view path) {
        return run(store().begin_upload(name, path)).value();
    }
    std::string begun(std::string_view path, std::uint64_t size) {
        return outcome(run(store().begin_upload(name, path, size)));
    }
    std::string append(kv::Upload& to, const std::string& bytes) { return outcome(run(to.append(bytes))); }
    std::string commit(kv::Upload& of) { return outcome(run(of.commit({.content_type = "t/t"}))); }

    std::size_t blobs() const { return blobs_in(folder / "data").size(); }
    bool settles_at(std::size_t count) {
        return eventually([&] { return blobs() == count; });
    }
    std::string listed() {
        std::string text;
        const auto page = run(store().list(name, {}, {}, kv::Collection::file)).value();
        for (const auto& item : page.items)
            text += (text.empty() ? "" : ", ") + std::string(item.key) + " " + std::to_string(item.value_size);
        return text;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(files, FilesFixture)

BOOST_AUTO_TEST_CASE(content_of_every_size_comes_back_and_only_large_content_is_a_blob) {
    const std::size_t sizes[] = {0, 1, small_bytes, small_bytes + 1, 262'143, 262'144, 262'145, large_bytes};
    for (const std::size_t size : sizes)
        BOOST_TEST(put_file("f" + std::to_string(size), content_of(size, size)) == "ok");
    for (int again = 0; again < 3; ++again) {
        for (const std::size_t size : sizes) {
            const auto file = open("f" + std::to_string(size));
            BOOST_REQUIRE(file);
            BOOST_TEST(file->size() == size);
            BOOST_TEST(file->entry().content_type == "text/plain");
            BOOST_TEST((content("f" + std::to_string(size)) == content_of(size, size)));
            BOOST_TEST(file->content().has_value() == (size <= small_bytes));
            BOOST_TEST((file->descriptor() >= 0) == (size > small_bytes));
        }
        BOOST_TEST(blobs() == 5u);
        if (again == 0) store().apply_now();
        if (again == 1) reopen();
    }
    BOOST_TEST(usage().files == 8u);
    std::uint64_t bytes = 0;
    for (const std::size_t size : sizes)
        bytes += size + 1 + std::to_string(size).size();
    BOOST_TEST(usage().file_bytes == bytes);
}

BOOST_AUTO_TEST_CASE(a_replaced_or_deleted_file_stays_readable_to_who_has_it_open) {
    put_file("f", content_of(1, large_bytes));
    const auto first = open("f");
    put_file("f", content_of(2, large_bytes));
    const auto second = open("f");
    BOOST_TEST(settles_at(1));
    BOOST_TEST(remove("f") == "ok");
    BOOST_TEST(settles_at(0));
    BOOST_TEST(content("f") == "none");
    BOOST_TEST((run(first->read_all()) == content_of(1, large_bytes)));
    BOOST_TEST((run(second->read_all()) == content_of(2, large_bytes)));
    run(first->fetch(1000, 5000));
    BOOST_TEST(usage().files + usage().file_bytes == 0u);
    put_file("f", content_of(3, large_bytes));
    BOOST_TEST(put_file("f", "now it is small") == "ok");
    BOOST_TEST(settles_at(0));
}

BOOST_AUTO_TEST_CASE(an_upload_that_is_not_committed_leaves_the_old_file_and_nothing_else) {
    put_file("f", "old");
    {
        auto upload = begin("f");
        append(*upload, content_of(1, large_bytes));
        BOOST_TEST(blobs() == 1u);
        BOOST_TEST(content("f") == "old");
    }
    BOOST_TEST(settles_at(0));
    BOOST_TEST(content("f") == "old");
    BOOST_TEST(put_file("f", content_of(1, large_bytes), {.checks = {absent("f")}}) == "check_failed");
    BOOST_TEST(settles_at(0));
    BOOST_TEST(put_file("g", content_of(1, large_bytes), {.checks = {absent("g")}}) == "ok");
    BOOST_TEST(listed() == "f 3, g 600000");
}

BOOST_AUTO_TEST_CASE(a_start_removes_contents_that_no_file_names_and_no_others) {
    put_file("f", content_of(1, large_bytes));
    put_file("g", content_of(2, large_bytes));
    const auto kept = blobs_in(folder / "data");
    const auto stray = folder / "data" / "blobs" / "ab" / "ab00000000000000000000000000000f";
    const auto foreign = folder / "data" / "blobs" / "README";
    close();
    std::filesystem::create_directories(stray.parent_path());
    std::ofstream(stray) << "left by a crash";
    std::ofstream(foreign) << "not ours";
    store();
    BOOST_TEST(eventually([&] { return !std::filesystem::exists(stray); }));
    BOOST_TEST(std::filesystem::exists(foreign));
    for (const auto& blob : kept)
        BOOST_TEST(std::filesystem::exists(blob));
    // One that a crash kept from being removed: no record names it any more, and the index knows nothing of it.
    const auto copy = folder / "copy";
    std::filesystem::copy_file(kept.front(), copy);
    put_file("f", "small");
    put_file("g", "small");
    BOOST_TEST(settles_at(1));
    close();
    std::filesystem::rename(copy, kept.front());
    store();
    BOOST_TEST(settles_at(1));
    BOOST_TEST(std::filesystem::exists(foreign));
}

BOOST_AUTO_TEST_CASE(an_upload_under_way_is_no_stray) {
    auto upload = begin("f");
    append(*upload, content_of(1, large_bytes));
    // What a sweep asks: nothing names it, but it is being written.
    BOOST_TEST(blobs() == 1u);
    BOOST_TEST(commit(*upload) == "ok");
    upload.reset();
    BOOST_TEST((content("f") == content_of(1, large_bytes)));
    BOOST_TEST(blobs() == 1u);
}

BOOST_AUTO_TEST_CASE(emptied_and_dropped_namespaces_free_their_contents) {
    for (int i = 0; i < 20; ++i)
        put_file("f" + std::to_string(i), content_of(1, 20'000));
    const auto held = open("f3");
    run(store().empty(name)).value();
    BOOST_TEST(listed() == "");
    store().apply_now();
    BOOST_TEST(settles_at(0));
    BOOST_TEST((run(held->read_all()) == content_of(1, 20'000)));
    put_file("f", content_of(2, 20'000));
    run(store().drop_owner({.workspace = name.workspace, .subject = {}})).value();
    BOOST_TEST(put_file("f", content_of(2, 20'000)) == "not_found");
    store().apply_now();
    BOOST_TEST(settles_at(0));
}

BOOST_AUTO_TEST_CASE(expired_files_free_their_contents) {
    put_file("f", content_of(1, 20'000));
    kv::Commit commit = commit_of({touch("f", kv::Expiry::after(1000))});
    commit.collection = kv::Collection::file;
    BOOST_TEST(outcome(run(store().commit(name, std::move(commit)))) == "ok");
    BOOST_TEST((content("f") == content_of(1, 20'000)));
    BOOST_TEST(blobs() == 1u);
    clock.advance(1000);
    BOOST_TEST(settles_at(0));
    BOOST_TEST(usage().files + usage().file_bytes == 0u);
}

BOOST_AUTO_TEST_CASE(nothing_is_computed_from_a_file) {
    for (const auto& content : {std::string("5"), content_of(1, 20'000)}) {
        put_file("f", content);
        for (auto operation : {increment("f"), test::append("f", "x"), add_to_list("f", "1"), merge("f", "{}")}) {
            kv::Commit commit = commit_of({operation});
            commit.collection = kv::Collection::file;
            BOOST_TEST(outcome(run(store().commit(name, std::move(commit)))) == "type_mismatch");
        }
    }
}

BOOST_AUTO_TEST_CASE(a_quota_is_kept_while_uploads_run_and_by_many_together) {
    run(store().set_quota(name, {.bytes = 1'000'000, .keys = 3, .writes_per_second = {}})).value();
    BOOST_TEST(begun("f", 1'000'001) == "quota_exceeded");
    BOOST_TEST(put_file("f", content_of(1, 1'200'000)) == "quota_exceeded");
    BOOST_TEST(settles_at(0));
    BOOST_TEST(put_file("f", content_of(1, 700'000)) == "ok");
    BOOST_TEST(begun("g", 400'000) == "quota_exceeded");
    BOOST_TEST(begun("f", 900'000) == "ok");  // in place of the earlier one
    BOOST_TEST(put_file("f", content_of(2, 900'000)) == "ok");
    BOOST_TEST(put_file("f", content_of(3, 100'000)) == "ok");

    auto one = begin("one");
    auto two = begin("two");
    BOOST_TEST(append(*one, content_of(4, 524'288)) == "ok");
    BOOST_TEST(append(*two, content_of(5, 524'288)) == "quota_exceeded");
    two.reset();
    auto three = begin("three");
    BOOST_TEST(append(*three, content_of(5, 262'144)) == "ok");
    BOOST_TEST(commit(*one) == "ok");
    BOOST_TEST(commit(*three) == "ok");
    BOOST_TEST(begun("four", 1) == "quota_exceeded");  // the keys
    BOOST_TEST(put_file("four", "4") == "quota_exceeded");
    BOOST_TEST(put_file("three", "3") == "ok");
    BOOST_TEST(listed() == "f 100000, one 524288, three 1");
}

BOOST_AUTO_TEST_CASE(a_disk_that_is_almost_full_takes_no_more_content) {
    std::atomic<std::uint64_t> free = std::uint64_t{1} << 40;
    options.disk_reserve_bytes = 1'000'000;
    options.disk_free_bytes = [&free] { return free.load(); };
    auto upload = begin("f");
    BOOST_TEST(append(*upload, content_of(1, 300'000)) == "ok");
    free = 1'100'000;
    BOOST_TEST(append(*upload, content_of(1, 300'000)) == "store_full");
    upload.reset();
    BOOST_TEST(settles_at(0));
    BOOST_TEST(begun("f", 100'001) == "store_full");
    BOOST_TEST(begun("f", 100'000) == "ok");
    free = std::uint64_t{1} << 40;
    BOOST_TEST(put_file("f", content_of(1, 300'000)) == "ok");
    close();
}

BOOST_AUTO_TEST_CASE(an_upload_with_a_request_id_has_its_effect_once) {
    const kv::FileCommit once{
        .content_type = "t/t", .checks = {}, .request_id = kv::RequestId{.id = "r", .digest = "d"}};
    const auto first = run(upload(store(), name, "f", content_of(1, large_bytes), once)).value();
    BOOST_TEST(!first.replayed);
    const auto again = run(upload(store(), name, "f", content_of(1, large_bytes), once)).value();
    BOOST_TEST(again.replayed);
    BOOST_TEST(again.version == first.version);
    BOOST_TEST(settles_at(1));
    BOOST_TEST((content("f") == content_of(1, large_bytes)));
}

BOOST_AUTO_TEST_CASE(content_that_is_missing_is_an_error_and_not_another_content) {
    put_file("f", content_of(1, large_bytes));
    store().apply_now();
    std::filesystem::remove(blobs_in(folder / "data").front());
    BOOST_CHECK_THROW(run(store().open_file(name, "f")), kv::StoreFailure);
    BOOST_TEST(put_file("f", "anew") == "ok");
    BOOST_TEST(content("f") == "anew");
}

// A reader's snapshot would keep the index from using its pages again, and the log from forgetting.
BOOST_AUTO_TEST_CASE(who_hangs_with_a_file_holds_up_neither_index_nor_log) {
    options.history_bytes = 0;
    options.history_age = std::chrono::milliseconds(0);
    put_file("f", content_of(1, large_bytes));
    const auto overwrite = [&](int rounds) {
        for (int round = 0; round < rounds; ++round) {
            for (int i = 0; i < 20; ++i) {
                std::vector<kv::Operation> operations;
                for (int k = 0; k < 100; ++k)
                    operations.push_back(put("k" + std::to_string(i * 100 + k), std::string(100, 'x')));
                StoreFixture::commit(std::move(operations));
            }
            store().apply_now();
        }
    };
    const auto index_bytes = [&] { return std::filesystem::file_size(folder / "data" / "index" / "data.mdb"); };
    const auto log_bytes = [&] {
        std::uintmax_t bytes = 0;
        for (const auto& file : std::filesystem::directory_iterator(folder / "data" / "log"))
            bytes += file.file_size();
        return bytes;
    };
    overwrite(8);
    const auto index_before = index_bytes();
    const auto hanging_download = open("f");
    run(hanging_download->fetch(0, 1000));
    auto hanging_upload = begin("g");
    append(*hanging_upload, content_of(2, 300'000));
    overwrite(24);
    BOOST_TEST(index_bytes() <= index_before + (std::uintmax_t{512} << 10));
    BOOST_TEST(eventually([&] { return log_bytes() <= 4 * options.segment_bytes; }));
    BOOST_TEST(commit(*hanging_upload) == "ok");
    BOOST_TEST((run(hanging_download->read_all()) == content_of(1, large_bytes)));
}

BOOST_AUTO_TEST_CASE(random_histories_agree_with_a_map) {
    std::mt19937_64 random(7);
    std::map<std::string, std::string> model;
    const std::size_t sizes[] = {0, 10, small_bytes, small_bytes + 1, 40'000, 300'000};
    std::size_t written = 0;
    for (int step = 0; step < 600; ++step) {
        const auto path = "d" + std::to_string(random() % 3) + "/" + std::to_string(random() % 8);
        switch (random() % 10) {
            case 0:
            case 1:
                BOOST_TEST(remove(path) == "ok");
                model.erase(path);
                break;
            case 2: {
                auto upload = begin(path);
                append(*upload, content_of(random(), sizes[random() % 6]));
                break;  // given up
            }
            case 3:
                if (random() % 4 == 0) reopen();
                if (random() % 4 == 0) store().apply_now();
                break;
            default: {
                const auto bytes = content_of(random(), sizes[random() % 6]);
                BOOST_TEST(put_file(path, bytes) == "ok");
                model[path] = bytes;
                ++written;
            }
        }
        if (step % 20 != 0) continue;
        std::uint64_t bytes = 0;
        std::size_t large = 0;
        for (const auto& [each, expected] : model) {
            BOOST_TEST((content(each) == expected), each);
            bytes += each.size() + expected.size();
            large += expected.size() > small_bytes ? 1 : 0;
        }
        BOOST_TEST(usage().files == model.size());
        BOOST_TEST(usage().file_bytes == bytes);
        BOOST_TEST(settles_at(large), "step " << step << ": " << blobs() << " blobs, " << large << " large files");
    }
    BOOST_TEST(written > 300u);
}

BOOST_AUTO_TEST_CASE(damaged_descriptions_of_content_are_refused) {
    const kv::FileContent content{.sha256 = sha256_of("x"), .size = 70'000, .blob = kv::BlobId{1, 2, 3}};
    const auto bytes = kv::encode_file_content(content);
    const auto back = kv::decode_file_content(bytes);
    BOOST_TEST((back.sha256 == content.sha256 && back.size == content.size && back.blob == content.blob));
    for (std::size_t size = 0; size < bytes.size(); ++size)
        BOOST_CHECK_THROW(kv::decode_file_content(bytes.substr(0, size)), kv::StoreFailure);
    BOOST_CHECK_THROW(kv::decode_file_content(bytes + "x"), kv::StoreFailure);
    BOOST_CHECK_THROW(kv::decode_file_content("\7" + bytes.substr(1)), kv::StoreFailure);
}

BOOST_AUTO_TEST_SUITE_END()

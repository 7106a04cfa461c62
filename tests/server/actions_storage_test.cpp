// What the actions of storage do.
#include <boost/test/unit_test.hpp>
#include <regex>

#include "tests/server/actions_fixture.hpp"
#include "tests/support/files.hpp"

namespace alcove::test {
namespace {

class StorageFixture : public ActionFixture {
public:
    StorageFixture() { integration_name = "storage"; }

    // With versions and times masked.
    std::string perform(std::string_view action, std::string_view json) {
        static const std::regex version("\"version\":\"\\d+\"");
        static const std::regex time("\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z");
        return std::regex_replace(std::regex_replace(act(action, json), version, "\"version\":\"V\""), time, "T");
    }
};

BOOST_FIXTURE_TEST_SUITE(actions_storage, StorageFixture)

BOOST_AUTO_TEST_CASE(files_are_written_and_read_as_text_and_as_bytes) {
    BOOST_TEST(perform("write_file", R"({"path":"d/a.txt","content":"h\u00e4"})") ==
               R"({"path":"d/a.txt","size":3,"contentType":"text/plain; charset=utf-8","version":"V"})");
    BOOST_TEST(
        perform("read_file", R"({"path":"d/a.txt"})") ==
        R"({"path":"d/a.txt","content":"hä","encoding":"utf8","contentType":"text/plain; charset=utf-8","size":3})");
    BOOST_TEST(
        perform("read_file", R"({"path":"d/a.txt","outputEncoding":"base64"})") ==
        R"({"path":"d/a.txt","content":"aMOk","encoding":"base64","contentType":"text/plain; charset=utf-8","size":3})");
    BOOST_TEST(perform("write_file", R"({"path":"b","content":"AP8=","contentEncoding":"base64"})") ==
               R"({"path":"b","size":2,"contentType":"application/octet-stream","version":"V"})");
    BOOST_TEST(
        perform("read_file", R"({"path":"b"})") ==
        R"({"path":"b","content":"AP8=","encoding":"base64","contentType":"application/octet-stream","size":2})");
    BOOST_TEST(perform("read_file", R"({"path":"b","outputEncoding":"utf8"})") == "409 TYPE_MISMATCH");
    BOOST_TEST(perform("write_file", R"({"path":"b","content":"","contentType":"image/png"})") ==
               R"({"path":"b","size":0,"contentType":"image/png","version":"V"})");
    BOOST_TEST(perform("read_file", R"({"path":"nothing"})") == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused_with_its_name) {
    for (const auto* path : {"", "/a", "a/", "a//b", "..", "a/../b", "a\\u0000b"}) {
        const auto input = R"({"path":")" + std::string(path) + R"(","content":"x"})";
        BOOST_TEST(act("write_file", input) == "400 VALIDATION_ERROR input.path", path);
    }
    BOOST_TEST(act("write_file", R"({"path":"a"})") == "400 VALIDATION_ERROR input.content");
    BOOST_TEST(act("write_file", R"({"path":"a","content":"!","contentEncoding":"base64"})") ==
               "400 VALIDATION_ERROR input.content");
    BOOST_TEST(act("write_file", R"({"path":"a","content":"x","contentEncoding":"hex"})") ==
               "400 VALIDATION_ERROR input.contentEncoding");
    BOOST_TEST(act("write_file", R"({"path":"a","content":"x","contentType":"a\u000ab"})") ==
               "400 VALIDATION_ERROR input.contentType");
    BOOST_TEST(act("get_download_url", R"({"path":"a","expiresInSeconds":59})") ==
               "400 VALIDATION_ERROR input.expiresInSeconds");
    BOOST_TEST(act("get_download_url", R"({"path":"a","expiresInSeconds":3601})") ==
               "400 VALIDATION_ERROR input.expiresInSeconds");
    BOOST_TEST(act("list_files", R"({"cursor":"x"})") == "400 VALIDATION_ERROR input.cursor");
    file_bytes_max = 3;
    BOOST_TEST(act("write_file", R"({"path":"a","content":"four"})") == "413 TOO_LARGE input.content");
}

BOOST_AUTO_TEST_CASE(deleting_says_whether_there_was_something) {
    act("write_file", R"({"path":"a","content":"x"})");
    BOOST_TEST(act("delete_file", R"({"path":"a"})") == R"({"success":true,"existed":true})");
    BOOST_TEST(act("delete_file", R"({"path":"a"})") == R"({"success":true,"existed":false})");
}

BOOST_AUTO_TEST_CASE(files_are_listed_page_by_page) {
    for (const auto* path : {"a/1", "a/2", "a/3", "b"})
        act("write_file", R"({"path":")" + std::string(path) + R"(","content":"x"})");
    run(store().commit(name, commit_of({put("a/key", "no file")}))).value();
    const auto first = execute("list_files", R"({"prefix":"a/","limit":2})").value().json;
    BOOST_TEST(first.find(R"("path":"a/1","size":1,"contentType":"text/plain; charset=utf-8","updatedAt":")") !=
               std::string::npos);
    std::smatch cursor;
    BOOST_REQUIRE(std::regex_search(first, cursor, std::regex("\"cursor\":\"([^\"]+)\"")));
    const auto rest = R"({"prefix":"a/","limit":2,"cursor":")" + cursor[1].str() + "\"}";
    BOOST_TEST(
        perform("list_files", rest) ==
        R"({"files":[{"path":"a/3","size":1,"contentType":"text/plain; charset=utf-8","updatedAt":"T"}],"cursor":null})");
    BOOST_TEST(act("list_files", R"({"prefix":"b","limit":2,"cursor":")" + cursor[1].str() + "\"}") ==
               "400 VALIDATION_ERROR input.cursor");
}

BOOST_AUTO_TEST_CASE(what_is_repeated_with_its_id_happens_once) {
    const auto first = act_once("r1", "write_file", R"({"path":"a","content":"x"})");
    act("write_file", R"({"path":"a","content":"since"})");
    BOOST_TEST(act_once("r1", "write_file", R"({"path":"a","content":"x"})") == first + " (again)");
    BOOST_TEST(act_once("r1", "write_file", R"({"path":"a","content":"y"})") == "409 IDEMPOTENCY_CONFLICT");
    BOOST_TEST(act_once("r2", "delete_file", R"({"path":"a"})") == R"({"success":true,"existed":true})");
    BOOST_TEST(act_once("r2", "delete_file", R"({"path":"a"})") == R"({"success":true,"existed":true} (again))");
}

BOOST_AUTO_TEST_CASE(a_file_too_large_for_json_has_a_url) {
    const auto content = content_of(1, (std::size_t{8} << 20) + 1);
    run(upload(store(), name, "big", content)).value();
    const auto refused = execute("read_file", R"({"path":"big"})").error();
    BOOST_TEST(brief(refused) == "413 TOO_LARGE");
    BOOST_TEST(refused.message.find("get_download_url") != std::string::npos);
    const auto url = execute("get_download_url", R"({"path":"big","expiresInSeconds":60})").value().json;
    BOOST_TEST(url.starts_with(R"({"url":"https://files.example/files/)"));
    BOOST_TEST(act("get_download_url", R"({"path":"nothing"})") == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

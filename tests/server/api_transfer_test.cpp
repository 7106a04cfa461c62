// Export and import: what comes out goes in again byte by byte, from wherever either was cut off.
#include <boost/test/unit_test.hpp>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "server/api/ndjson.hpp"
#include "tests/server/api_fixture.hpp"
#include "tests/server/http_harness.hpp"

namespace alcove::test {
namespace {

class TransferFixture : public NamespaceFixture {
public:
    void put(const std::string& name, std::string_view value, std::string_view type = "text/plain",
             std::string_view query = {}) {
        const auto where = kv + "/" + name + std::string(query);
        BOOST_REQUIRE(send("PUT", where, value, {{"Content-Type", std::string(type)}}).status < 300);
    }
    std::string exported(const std::string& query = {}) { return send("GET", ns + "/export" + query).body; }

    // Into another namespace: "200 {…}".
    std::string import(std::string_view body, const std::string& query = {}) {
        return call("POST", target + "/import" + query, body, {{"Content-Type", "application/x-ndjson"}});
    }
    // "400 VALIDATION_ERROR line 2.key"
    std::string import_refusal(std::string_view body) {
        const auto reply = send("POST", target + "/import", body);
        return std::to_string(reply.status) + " " + member(reply.body, "code") + " " + member(reply.body, "field");
    }
    std::string stored(const std::string& name) {
        const auto reply = send("GET", target + "/kv/" + name);
        return reply.status == 200 ? reply.header("content-type") + ": " + reply.body
                                   : std::to_string(reply.status);
    }

    const std::string target = ns + "/external/copy";
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

// Without the cursors, which belong to one namespace.
std::vector<std::string> keys_of(const std::string& text) {
    auto lines = lines_of(text);
    std::erase_if(lines, [](const std::string& line) { return line.starts_with("{\"cursor\""); });
    return lines;
}

std::string key_line(int number, const std::string& value = "v") {
    return R"({"key":"k)" + std::to_string(10'000 + number) + R"(","text":")" + value + "\"}\n";
}

BOOST_FIXTURE_TEST_SUITE(api_transfer, TransferFixture)

BOOST_AUTO_TEST_CASE(an_export_has_a_line_for_each_key_and_says_that_it_is_whole) {
    const auto empty = send("GET", ns + "/export");
    BOOST_TEST(empty.header("content-type") == "application/x-ndjson");
    BOOST_TEST(empty.body == "{\"cursor\":null,\"complete\":true}\n");
    put("a", "1", "application/json");
    put("b", "line\n\"two\"", "text/plain; charset=utf-8", "?ttl=60");
    put("c", std::string("\0\1\xff", 3), "image/png");
    put("d", "not json", "application/json");
    BOOST_TEST(masked(exported()) ==
               R"({"key":"a","contentType":"application/json","value":1})"
               "\n"
               R"({"key":"b","contentType":"text/plain; charset=utf-8","text":"line\n\"two\"","expiresAt":"T"})"
               "\n"
               R"({"key":"c","contentType":"image/png","base64":"AAH/"})"
               "\n"
               R"({"key":"d","contentType":"application/json","text":"not json"})"
               "\n"
               R"({"cursor":null,"complete":true})"
               "\n");
    BOOST_TEST(lines_of(exported("?prefix=b")).size() == 2u);
}

BOOST_AUTO_TEST_CASE(an_import_gives_back_the_very_bytes_and_types) {
    std::string many_elements = "[0";
    std::string many_members = "{\"k\":0";
    for (int i = 0; i < 20'000; ++i) {
        many_elements += "," + std::to_string(i);
        many_members += ",\"k" + std::to_string(i) + "\":{\"a\":[]}";
    }
    many_elements += "]";
    many_members += "}";
    const std::vector<std::string> values = {many_elements,
                                             many_members,
                                             "",
                                             "1",
                                             " 1",
                                             "1\n",
                                             "{\n  \"a\": 1\n}",
                                             R"({"a":1,"a":2})",
                                             R"({"a" : [1.0, 1e400]})",
                                             "-0",
                                             "1e5",
                                             "\"\\u00e9\"",
                                             "true ",
                                             "nul",
                                             std::string("\0", 1),
                                             "\r\n\t\x01\x1f\x7f",
                                             "\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80",
                                             "\xc3",
                                             "\xed\xa0\x80",
                                             std::string(70, '[') + std::string(70, ']'),
                                             std::string(63, '[') + std::string(63, ']'),
                                             std::string(64, '[') + std::string(64, ']'),
                                             std::string(5000, '\x01'),
                                             std::string(100'000, '"'),
                                             std::string(300'000, 'x')};
    const std::vector<std::string> types = {"application/json",    "application/problem+json", "text/plain",
                                            "text/csv; charset=x", "application/octet-stream", "odd"};
    int number = 0;
    for (const auto& value : values) {
        for (const auto& type : types)
            put("k" + std::to_string(number++), value, type);
    }
    put("%C3%A9%22%0A", "odd key", "text/plain", "?expiresAt=2030-01-02T03:04:05.678Z");
    const auto document = exported();
    BOOST_TEST(import(document) ==
               R"(200 {"imported":)" + std::to_string(number + 1) + R"(,"skipped":0,"cursor":"C"})");
    number = 0;
    for (const auto& value : values) {
        for (const auto& type : types) {
            const auto reply = send("GET", target + "/kv/k" + std::to_string(number++));
            BOOST_TEST((reply.body == value));
            BOOST_TEST(reply.header("content-type") == type);
        }
    }
    BOOST_TEST(send("GET", target + "/kv/%C3%A9%22%0A").header("alcove-expires-at") == "2030-01-02T03:04:05.678Z");
    BOOST_TEST((keys_of(send("GET", target + "/export").body) == keys_of(document)));
    const auto first = lines_of(document).front();
    BOOST_TEST(first.starts_with(R"({"key":"k0","contentType":"application/json","value":[0,0,1,)"));
}

BOOST_AUTO_TEST_CASE(an_export_of_many_keys_has_cursors_to_go_on_from) {
    std::string document;
    for (int i = 0; i < 2500; ++i)
        document += key_line(i);
    BOOST_TEST(import(document) == R"(200 {"imported":2500,"skipped":0,"cursor":"C"})");
    const auto whole = send("GET", target + "/export").body;
    const auto lines = lines_of(whole);
    BOOST_TEST(lines.size() == 2503u);
    std::size_t cursors = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto cursor = member(lines[i], "cursor");
        if (cursor.empty()) continue;
        ++cursors;
        const auto rest = lines_of(send("GET", target + "/export?cursor=" + cursor).body);
        BOOST_TEST(rest.front() == lines[i + 1]);
        BOOST_TEST(rest.back() == R"({"cursor":null,"complete":true})");
    }
    BOOST_TEST(cursors == 2u);
    BOOST_TEST(call("POST", ns + "/external/second/import", whole) ==
               R"(200 {"imported":2500,"skipped":0,"cursor":"C"})");
}

BOOST_AUTO_TEST_CASE(an_export_refuses_what_it_does_not_know) {
    put("a", "1");
    BOOST_TEST(refusal("GET", ns + "/export?cursor=x") == "400 VALIDATION_ERROR cursor");
    BOOST_TEST(refusal("GET", ns + "/export?limit=1") == "400 VALIDATION_ERROR limit");
    BOOST_TEST(refusal("GET", ns + "/export?prefix=%00") == "400 VALIDATION_ERROR prefix");
    BOOST_TEST(refusal("GET", ns + "/end-users/nobody/export") == "404 END_USER_NOT_FOUND");
    const auto head = send("HEAD", ns + "/export");
    BOOST_TEST(head.status == 200);
    BOOST_TEST(head.body.empty());
    BOOST_TEST(send("GET", kv + "/a").body == "1");
}

BOOST_AUTO_TEST_CASE(large_values_are_exported_and_imported_in_bounded_batches) {
    for (int i = 0; i < 12; ++i)
        put("k" + std::to_string(i), std::string(1 << 20, static_cast<char>('a' + i)), "application/octet-stream");
    BOOST_TEST(import(exported()) == R"(200 {"imported":12,"skipped":0,"cursor":"C"})");
    BOOST_TEST((send("GET", target + "/kv/k11").body == std::string(1 << 20, 'l')));
}

BOOST_AUTO_TEST_CASE(lines_may_be_blank_or_cursors_and_the_last_may_have_no_end) {
    BOOST_TEST(import("") == R"(200 {"imported":0,"skipped":0,"cursor":"C"})");
    BOOST_TEST(
        import(
            "\n  \r\n{\"cursor\":\"x\"}\r\n{\"key\":\"a\",\"text\":\"1\"}\r\n{\"key\":\"b\",\"value\":[1, 2]}") ==
        R"(200 {"imported":2,"skipped":0,"cursor":"C"})");
    BOOST_TEST(stored("a") == "text/plain; charset=utf-8: 1");
    BOOST_TEST(stored("b") == "application/json: [1, 2]");
}

BOOST_AUTO_TEST_CASE(what_has_expired_is_skipped_and_counted) {
    BOOST_TEST(import(R"({"key":"a","text":"1","expiresAt":"2001-01-01T00:00:00.000Z"})"
                      "\n"
                      R"({"key":"b","text":"1","expiresAt":null})") ==
               R"(200 {"imported":1,"skipped":1,"cursor":"C"})");
    BOOST_TEST(stored("a") == "404");
}

BOOST_AUTO_TEST_CASE(if_absent_keeps_what_exists) {
    import(R"({"key":"a","text":"old"})"
           "\n"
           R"({"key":"c","text":"old"})");
    const std::string document = R"({"key":"a","text":"new"})"
                                 "\n"
                                 R"({"key":"b","text":"first"})"
                                 "\n"
                                 R"({"key":"b","text":"second"})"
                                 "\n"
                                 R"({"key":"c","text":"new"})"
                                 "\n";
    BOOST_TEST(import(document, "?ifAbsent=true") == R"(200 {"imported":1,"skipped":3,"cursor":"C"})");
    BOOST_TEST(stored("a") == "text/plain; charset=utf-8: old");
    BOOST_TEST(stored("b") == "text/plain; charset=utf-8: first");
    BOOST_TEST(import(document, "?ifAbsent=true") == R"(200 {"imported":0,"skipped":4,"cursor":"C"})");
    BOOST_TEST(import(document) == R"(200 {"imported":4,"skipped":0,"cursor":"C"})");
    BOOST_TEST(stored("b") == "text/plain; charset=utf-8: second");
}

BOOST_AUTO_TEST_CASE(a_bad_line_is_named_and_whole_batches_before_it_are_kept) {
    std::string document;
    for (int i = 0; i < 300; ++i)
        document += key_line(i);
    const auto reply =
        send("POST", target + "/import", document + "{\"key\":\"\",\"text\":\"\"}\n" + key_line(300));
    BOOST_TEST(reply.status == 400);
    BOOST_TEST(
        masked(reply.body)
            .find(R"("details":{"field":"line 301.key","line":301,"imported":256,"skipped":0,"cursor":"C"})") !=
        std::string::npos);
    BOOST_TEST(send("GET", target + "/kv/k10255").status == 200);
    BOOST_TEST(send("GET", target + "/kv/k10256").status == 404);

    const auto cursor = member(reply.body, "cursor");
    BOOST_TEST(import(document + key_line(300), "?cursor=" + cursor) ==
               R"(200 {"imported":45,"skipped":0,"cursor":"C"})");
    BOOST_TEST(send("GET", target + "/kv/k10300").status == 200);
}

BOOST_AUTO_TEST_CASE(a_cursor_counts_lines_and_belongs_to_its_namespace) {
    std::string document;
    for (int i = 0; i < 10; ++i)
        document += key_line(i);
    const auto all = member(send("POST", target + "/import", document).body, "cursor");
    BOOST_TEST(import(document, "?cursor=" + all) == R"(200 {"imported":0,"skipped":0,"cursor":"C"})");
    BOOST_TEST(member(send("POST", target + "/import?cursor=" + all, document).body, "cursor") == all);
    BOOST_TEST(import(document + key_line(10), "?cursor=" + all) ==
               R"(200 {"imported":1,"skipped":0,"cursor":"C"})");
    BOOST_TEST(refusal("POST", ns + "/import?cursor=" + all) == "400 VALIDATION_ERROR cursor");
    BOOST_TEST(refusal("POST", target + "/import?cursor=x") == "400 VALIDATION_ERROR cursor");
}

BOOST_AUTO_TEST_CASE(lines_that_do_not_fit_are_refused_by_name) {
    BOOST_TEST(import_refusal("{\"key\"") == "400 INVALID_JSON line 1");
    BOOST_TEST(import_refusal("\n[1]") == "400 VALIDATION_ERROR line 2");
    BOOST_TEST(import_refusal(R"({"text":"a"})") == "400 VALIDATION_ERROR line 1.key");
    BOOST_TEST(import_refusal(R"({"key":"a"})") == "400 VALIDATION_ERROR line 1.value");
    BOOST_TEST(import_refusal(R"({"key":"a","text":"","value":1})") == "400 VALIDATION_ERROR line 1.value");
    BOOST_TEST(import_refusal(R"({"key":"a","base64":"?"})") == "400 VALIDATION_ERROR line 1.base64");
    BOOST_TEST(import_refusal(R"({"key":"a","text":"","ttl":1})") == "400 VALIDATION_ERROR line 1.ttl");
    BOOST_TEST(import_refusal(R"({"key":"a","key":"b","text":""})") == "400 VALIDATION_ERROR line 1.key");
    BOOST_TEST(import_refusal(R"({"key":"a","text":"","expiresAt":"soon"})") ==
               "400 VALIDATION_ERROR line 1.expiresAt");
    BOOST_TEST(import_refusal(R"({"key":"a","text":"","contentType":""})") ==
               "400 VALIDATION_ERROR line 1.contentType");
    BOOST_TEST(import_refusal(R"({"key":"a","text":")" + std::string((1 << 20) + 1, 'x') + "\"}") ==
               "413 TOO_LARGE line 1");
    BOOST_TEST(import_refusal("\n\n" + std::string(5 << 20, ' ')) == "413 TOO_LARGE line 3");
    BOOST_TEST(refusal("POST", target + "/import", "", {{"Idempotency-Key", "k"}}) ==
               "400 VALIDATION_ERROR Idempotency-Key");
    BOOST_TEST(refusal("POST", target + "/import", "{}", {{"Content-Type", "application/json"}}) ==
               "415 UNSUPPORTED_MEDIA_TYPE");
    BOOST_TEST(refusal("POST", target + "/import?prefix=a") == "400 VALIDATION_ERROR prefix");
}

BOOST_AUTO_TEST_CASE(a_quota_stops_an_import_with_what_it_took) {
    send("PUT", target + "/quota", R"({"keys":200})");
    std::string document;
    for (int i = 0; i < 300; ++i)
        document += key_line(i);
    const auto reply = send("POST", target + "/import", document);
    BOOST_TEST(reply.status == 403);
    BOOST_TEST(
        masked(reply.body)
            .find(R"("details":{"quota":"keys","used":128,"limit":200,"imported":128,"skipped":0,"cursor":"C"})") !=
        std::string::npos);
    send("PUT", target + "/quota", R"({"writesPerSecond":1})");
    const auto slow = send("POST", target + "/import?cursor=" + member(reply.body, "cursor"), document);
    BOOST_TEST(slow.status == 429);
    BOOST_TEST(slow.header("retry-after") == "1");
    BOOST_TEST(slow.body.find(R"("imported":128)") != std::string::npos);
    clock.advance(1000);
    BOOST_TEST(import(document, "?cursor=" + member(slow.body, "cursor")) ==
               R"(200 {"imported":44,"skipped":0,"cursor":"C"})");
}

// A document of 40 MiB in chunks of odd sizes, while the bound of a JSON body is 16 MiB.
BOOST_AUTO_TEST_CASE(a_document_of_any_size_is_taken_in_chunks) {
    http::test::Client client(port());
    client.send("POST " + target + "/import HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key +
                "\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string value(20'000, 'x');
    std::string pending;
    constexpr int keys = 2000;
    for (int i = 0; i < keys; ++i) {
        pending += key_line(i, value);
        const auto now = pending.substr(0, pending.size() - static_cast<std::size_t>(i % 1000));
        char size[20];
        std::snprintf(size, sizeof size, "%zx\r\n", now.size());
        client.send(size + now + "\r\n");
        pending.erase(0, now.size());
    }
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", pending.size());
    const auto answer = client.ask(size + pending + "\r\n0\r\n\r\n");
    BOOST_TEST(masked(answer.body) == R"({"imported":2000,"skipped":0,"cursor":"C"})");
    BOOST_TEST(lines_of(send("GET", target + "/export").body).size() > 2000u);
}

// The test's client sends all before it reads anything.
BOOST_AUTO_TEST_CASE(the_answer_to_a_large_document_that_is_refused_early_arrives) {
    const std::string value(20'000, 'x');
    std::string document = "{}\n";
    for (int i = 0; i < 1500; ++i)
        document += key_line(i, value);
    BOOST_TEST(import_refusal(document) == "400 VALIDATION_ERROR line 1.key");
    BOOST_TEST(stored("k10000") == "404");
}

BOOST_AUTO_TEST_CASE(a_client_that_vanishes_half_way_leaves_whole_batches) {
    {
        http::test::Client client(port());
        std::string document;
        for (int i = 0; i < 200; ++i)
            document += key_line(i);
        client.send("POST " + target + "/import HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key +
                    "\r\nContent-Length: 1000000\r\n\r\n" + document);
        BOOST_TEST(http::test::eventually([this] { return send("GET", target + "/kv/k10127").status == 200; }));
    }
    BOOST_TEST(send("GET", target + "/kv/k10128").status == 404);
}

BOOST_AUTO_TEST_CASE(an_export_whose_owner_is_deleted_has_no_end) {
    const std::string value(60'000, 'x');
    for (int i = 0; i < 300; ++i)
        BOOST_REQUIRE(send("PUT", ns + "/end-users/u/kv/" + std::to_string(i), value).status == 201);
    http::test::Client client(port());
    client.send("GET " + ns + "/end-users/u/export HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key +
                "\r\n\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    send("DELETE", "/api/v1/end-users/" + end_user_id);
    BOOST_TEST(client.receive().status == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

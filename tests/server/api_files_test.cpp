// Files over HTTP: what is sent comes back, whole or in parts; what is refused is refused with its name.
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>
#include <thread>

#include "server/api/digests.hpp"
#include "tests/server/api_fixture.hpp"
#include "tests/server/http_harness.hpp"
#include "tests/support/files.hpp"

namespace alcove::test {
namespace {

constexpr std::size_t large_bytes = 3'000'000;

class FilesApiFixture : public NamespaceFixture {
public:
    Reply put(const std::string& path, std::string_view body, HttpClient::Headers headers = {}) {
        return send("PUT", files + "/" + path, body, std::move(headers));
    }
    std::string put_refusal(const std::string& path, HttpClient::Headers headers) {
        return refusal("PUT", files + "/" + path, "content", std::move(headers));
    }
    Reply get(const std::string& path, HttpClient::Headers headers = {}) {
        return send("GET", files + "/" + path, {}, std::move(headers));
    }
    // "206 bytes 0-1/5: ab"
    std::string part(const std::string& path, const std::string& range, HttpClient::Headers headers = {}) {
        headers.emplace("Range", range);
        const auto reply = get(path, std::move(headers));
        return std::to_string(reply.status) + " " + reply.header("content-range") + ": " + reply.body;
    }
    std::string list(const std::string& query) { return call("GET", files + query); }
    std::string url_of(const std::string& path, const std::string& more = "") {
        return member(send("POST", "/api/v1/actions/execute",
                           R"({"integrationName":"storage","actionName":"get_download_url","workspaceId":"acme",)"
                           R"("input":{"path":")" +
                               path + "\"" + more + "}}")
                          .body,
                      "url");
    }
    // Of a raw request, so that it can be left half-way.
    std::string head_of_put(const std::string& path, std::size_t content_length) const {
        return "PUT " + files + "/" + path + " HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + key +
               "\r\nContent-Length: " + std::to_string(content_length) + "\r\n\r\n";
    }

    const std::string files = ns + "/files";
};

std::string digest_header(std::string_view bytes) {
    return api::print_digest(sha256_of(bytes));
}

BOOST_FIXTURE_TEST_SUITE(api_files, FilesApiFixture)

BOOST_AUTO_TEST_CASE(what_is_put_comes_back_with_its_type_version_and_digest) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{5}, large_bytes}) {
        const auto content = content_of(size, size);
        const auto path = "d/" + std::to_string(size);
        const auto created = put(path, content, {{"Content-Type", "image/png"}});
        BOOST_TEST(created.status == 201U);
        BOOST_TEST(created.header("repr-digest") == digest_header(content));
        const auto found = get(path);
        BOOST_TEST(found.status == 200U);
        BOOST_TEST((found.body == content));
        BOOST_TEST(found.header("content-type") == "image/png");
        BOOST_TEST(found.header("etag") == created.header("etag"));
        BOOST_TEST(found.header("repr-digest") == digest_header(content));
        BOOST_TEST(found.header("accept-ranges") == "bytes");
        BOOST_TEST(found.header("x-content-type-options") == "nosniff");
        BOOST_TEST(found.header("content-length") == std::to_string(size));
        BOOST_TEST(!found.header("last-modified").empty());
        const auto head = send("HEAD", files + "/" + path);
        BOOST_TEST(head.header("content-length") == std::to_string(size));
        BOOST_TEST(head.body == "");
        const auto replaced = put(path, "other");
        BOOST_TEST(replaced.status == 204U);
        BOOST_TEST(replaced.header("etag") != created.header("etag"));
        BOOST_TEST(get(path).body == "other");
        BOOST_TEST(get(path).header("content-type") == "application/octet-stream");
        BOOST_TEST(send("DELETE", files + "/" + path).status == 204U);
        BOOST_TEST(refusal("DELETE", files + "/" + path) == "404 NOT_FOUND");
        BOOST_TEST(refusal("GET", files + "/" + path) == "404 NOT_FOUND");
    }
}

BOOST_AUTO_TEST_CASE(files_and_keys_are_two_collections_in_every_form_of_a_namespace) {
    for (const auto& space : {ns, ns + "/end-users/u", ns + "/external/tenant"}) {
        BOOST_TEST(send("PUT", space + "/files/x", space).status == 201U);
        BOOST_TEST(send("PUT", space + "/kv/x", "key").status == 201U);
        BOOST_TEST(send("GET", space + "/files/x").body == space);
    }
    send("POST", ns + "/integrations", R"({"integrationName":"storage","alias":"docs"})");
    BOOST_TEST(send("GET", ns + "/integrations/docs/files/x?endUserId=u").body == ns + "/end-users/u");
    BOOST_TEST(refusal("GET", ns + "/end-users/nobody/files/x") == "404 END_USER_NOT_FOUND");
    const auto info = send("GET", ns + "/namespaces?scope=workspace").body;
    BOOST_TEST(info.find(R"("files":1,"fileBytes":24)") != std::string::npos, info);
    BOOST_TEST(send("DELETE", ns + "/data").status == 200U);
    BOOST_TEST(get("x").status == 404U);
}

BOOST_AUTO_TEST_CASE(paths_are_taken_as_they_are_or_refused) {
    for (const auto* path : {"a", "a/b/c.txt", "%20", "a%2Fb", "%C3%A4", "...", "a..b", ".hidden"})
        BOOST_TEST(put(path, "x").status == 201U, path);
    BOOST_TEST(get("a/b").body == "x");
    for (const auto* path :
         {"", "/a", "a/", "a//b", ".", "..", "a/..", "a/./b", "%2e%2e", "a/%2e%2e/b", "a%00", "%ff", "a%2F"})
        BOOST_TEST(put_refusal(path, {}) == "400 VALIDATION_ERROR path", path);
    BOOST_TEST(put_refusal(std::string(481, 'a'), {}) == "400 VALIDATION_ERROR path");
    BOOST_TEST(put(std::string(480, 'a'), "x").status == 201U);
}

BOOST_AUTO_TEST_CASE(headers_that_would_be_ignored_are_refused) {
    BOOST_TEST(put_refusal("f", {{"Idempotency-Key", "k"}}) == "400 VALIDATION_ERROR Idempotency-Key");
    BOOST_TEST(refusal("DELETE", files + "/f", {}, {{"Idempotency-Key", "k"}}) ==
               "400 VALIDATION_ERROR Idempotency-Key");
    BOOST_TEST(put_refusal("f", {{"Content-Range", "bytes 0-1/2"}}) == "400 VALIDATION_ERROR Content-Range");
    BOOST_TEST(put_refusal("f", {{"Content-Encoding", "gzip"}}) == "415 UNSUPPORTED_MEDIA_TYPE");
    BOOST_TEST(put("f", "x", {{"Content-Encoding", "identity"}}).status == 201U);
    BOOST_TEST(put_refusal("f?x=1", {}) == "400 VALIDATION_ERROR x");
    BOOST_TEST(refusal("GET", files + "/f?x=1") == "400 VALIDATION_ERROR x");
    BOOST_TEST(refusal("POST", files + "/f") == "405 METHOD_NOT_ALLOWED");
}

BOOST_AUTO_TEST_CASE(conditions_are_told_before_the_body_comes) {
    const auto tag = put("f", "1").header("etag");
    BOOST_TEST(put("f", "2", {{"If-Match", tag}}).status == 204U);
    BOOST_TEST(put("f", "3", {{"If-Match", tag}}).status == 412U);
    BOOST_TEST(put("f", "3", {{"If-None-Match", "*"}}).status == 412U);
    BOOST_TEST(put("g", "3", {{"If-None-Match", "*"}}).status == 201U);
    BOOST_TEST(put("h", "3", {{"If-Match", "*"}}).status == 412U);
    BOOST_TEST(refusal("DELETE", files + "/f", {}, {{"If-Match", tag}}) == "412 PRECONDITION_FAILED");
    BOOST_TEST(get("f").body == "2");
    const auto current = get("f").header("etag");
    BOOST_TEST(get("f", {{"If-None-Match", current}}).status == 304U);
    BOOST_TEST(get("f", {{"If-Match", tag}}).status == 412U);
    http::test::Client client(port());
    client.send("PUT " + files + "/f HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + key +
                "\r\nIf-None-Match: *\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n");
    BOOST_TEST(client.receive_rest().starts_with("HTTP/1.1 412 "));
}

BOOST_AUTO_TEST_CASE(ranges_of_small_and_large_files) {
    put("f", "abcdefghij");
    BOOST_TEST(part("f", "bytes=2-4") == "206 bytes 2-4/10: cde");
    BOOST_TEST(part("f", "bytes=7-") == "206 bytes 7-9/10: hij");
    BOOST_TEST(part("f", "bytes=-2") == "206 bytes 8-9/10: ij");
    BOOST_TEST(part("f", "bytes=0-1,4-5") == "200 : abcdefghij");
    BOOST_TEST(part("f", "lines=1-2") == "200 : abcdefghij");
    BOOST_TEST(part("f", "bytes=10-").starts_with("416 bytes */10: "));
    BOOST_TEST(part("f", "bytes=4-2").starts_with("400 : "));
    BOOST_TEST(refusal("GET", files + "/f", {}, {{"Range", "bytes=x"}}) == "400 VALIDATION_ERROR Range");
    const auto content = content_of(1, large_bytes);
    put("g", content);
    const auto reply = get("g", {{"Range", "bytes=1000000-2499999"}});
    BOOST_TEST(reply.status == 206U);
    BOOST_TEST(reply.header("content-length") == "1500000");
    BOOST_TEST((reply.body == content.substr(1'000'000, 1'500'000)));
    BOOST_TEST(send("HEAD", files + "/g", {}, {{"Range", "bytes=0-1"}}).header("content-length") == "3000000");
}

BOOST_AUTO_TEST_CASE(a_range_of_another_version_gets_the_whole_file) {
    const auto first = put("f", "abc");
    BOOST_TEST(part("f", "bytes=0-0", {{"If-Range", first.header("etag")}}) == "206 bytes 0-0/3: a");
    BOOST_TEST(part("f", "bytes=0-0", {{"If-Range", get("f").header("last-modified")}}) == "206 bytes 0-0/3: a");
    BOOST_TEST(part("f", "bytes=0-0", {{"If-Range", "W/" + first.header("etag")}}) == "200 : abc");
    put("f", "def");
    BOOST_TEST(part("f", "bytes=0-0", {{"If-Range", first.header("etag")}}) == "200 : def");
    BOOST_TEST(part("f", "bytes=0-0", {{"If-Range", "Sun, 06 Nov 1994 08:49:37 GMT"}}) == "200 : def");
}

BOOST_AUTO_TEST_CASE(stated_digests_are_verified) {
    const auto content = content_of(1, large_bytes);
    for (const auto* header : {"Content-Digest", "Repr-Digest"}) {
        BOOST_TEST(put("f", content, {{header, digest_header(content)}}).status < 300U);
        BOOST_TEST(put("f", content, {{header, "md5=:AAAA:, " + digest_header(content)}}).status == 204U);
        BOOST_TEST(put_refusal("f", {{header, digest_header(content)}}) ==
                   "400 VALIDATION_ERROR " + std::string(header));
        for (const auto* malformed : {"", "x", "sha-256", "sha-256=", "sha-256=AAAA",
                                      "sha-256=:AAAA:", "sha-256=:!:", "md5=:AAAA:", "=:AAAA:"}) {
            BOOST_TEST(put_refusal("f", {{header, malformed}}) == "400 VALIDATION_ERROR " + std::string(header),
                       malformed);
        }
    }
    BOOST_TEST((get("f").body == content));
}

BOOST_AUTO_TEST_CASE(a_file_beyond_the_limit_is_refused_however_it_comes) {
    close();
    settings.file_bytes = 100'000;
    open();
    BOOST_TEST(put("f", std::string(100'000, 'x')).status == 201U);
    BOOST_TEST(refusal("PUT", files + "/f", std::string(100'001, 'y')) == "413 TOO_LARGE body");
    http::test::Client client(port());
    client.send("PUT " + files + "/f HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + key +
                "\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 30; ++i)
        client.send("1000\r\n" + std::string(4096, 'z') + "\r\n");
    client.send("0\r\n\r\n");
    BOOST_TEST(client.receive_rest().starts_with("HTTP/1.1 413 "));
    BOOST_TEST((get("f").body == std::string(100'000, 'x')));
}

BOOST_AUTO_TEST_CASE(a_chunked_body_of_unknown_size_is_taken) {
    const auto content = content_of(1, 300'000);
    http::test::Client client(port());
    client.send("PUT " + files + "/f HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer " +
                std::string(key) + "\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (std::size_t at = 0; at < content.size(); at += 30'000)
        client.send("7530\r\n" + content.substr(at, 30'000) + "\r\n");
    client.send("0\r\n\r\n");
    BOOST_TEST(client.receive_rest().starts_with("HTTP/1.1 201 "));
    BOOST_TEST((get("f").body == content));
}

BOOST_AUTO_TEST_CASE(an_upload_cut_off_half_way_leaves_the_old_file_whole) {
    put("f", "old");
    {
        http::test::Client client(port());
        client.send(head_of_put("f", large_bytes) + content_of(1, large_bytes / 2));
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        BOOST_TEST(get("f").body == "old");
    }
    BOOST_TEST(get("f").body == "old");
    BOOST_TEST(list("") ==
               R"(200 {"items":[{"path":"f","version":"V","size":3,"contentType":"application/octet-stream",)"
               R"("createdAt":"T","updatedAt":"T"}],"prefixes":[],"cursor":null,"complete":true})");
}

BOOST_AUTO_TEST_CASE(a_slow_download_of_a_file_that_is_replaced_is_of_one_version) {
    const auto content = content_of(1, 30'000'000);
    put("f", content);
    http::test::Client client(port());
    client.send("GET " + files + "/f HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer " +
                std::string(key) + "\r\n\r\n");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    put("f", "new");
    send("DELETE", files + "/f");
    const auto reply = client.receive_rest();
    const auto body = reply.find("\r\n\r\n") + 4;
    BOOST_TEST((std::string_view(reply).substr(body) == content));
}

BOOST_AUTO_TEST_CASE(a_quota_refuses_an_upload_before_or_while_it_comes) {
    send("PUT", ns + "/quota", R"({"bytes":1000000})");
    const auto reply = put("f", content_of(1, 2'000'000));
    BOOST_TEST(reply.status == 403U);
    BOOST_TEST(reply.body.find(R"("code":"QUOTA_EXCEEDED")") != std::string::npos);
    BOOST_TEST(reply.body.find(R"("limit":1000000)") != std::string::npos, reply.body);
    BOOST_TEST(put("f", content_of(1, 900'000)).status == 201U);
    BOOST_TEST(put("g", content_of(1, 200'000)).status == 403U);
    BOOST_TEST(put("f", content_of(2, 999'000)).status == 204U);
    BOOST_TEST(send("DELETE", files + "/f").status == 204U);
    BOOST_TEST(put("g", content_of(1, 200'000)).status == 201U);
}

BOOST_AUTO_TEST_CASE(files_are_listed_by_prefix_folder_and_page) {
    for (const auto* path : {"a/1", "a/2", "a/b/3", "c"})
        put(path, path);
    send("PUT", ns + "/kv/a/key", "no file");
    const auto item = [](const std::string& path) {
        return R"({"path":")" + path + R"(","version":"V","size":)" + std::to_string(path.size()) +
               R"(,"contentType":"application/octet-stream","createdAt":"T","updatedAt":"T"})";
    };
    BOOST_TEST(list("?delimiter=/") ==
               R"(200 {"items":[)" + item("c") + R"(],"prefixes":["a/"],"cursor":null,"complete":true})");
    BOOST_TEST(list("?prefix=a/&delimiter=/") == R"(200 {"items":[)" + item("a/1") + "," + item("a/2") +
                                                     R"(],"prefixes":["a/b/"],"cursor":null,"complete":true})");
    const auto cursor = member(send("GET", files + "?limit=3").body, "cursor");
    BOOST_TEST(list("?limit=3&cursor=" + cursor) ==
               R"(200 {"items":[)" + item("c") + R"(],"prefixes":[],"cursor":null,"complete":true})");
    BOOST_TEST(refusal("GET", files + "?prefix=a&limit=3&cursor=" + cursor) == "400 VALIDATION_ERROR cursor");
    BOOST_TEST(refusal("GET", files + "?limit=1001") == "400 VALIDATION_ERROR limit");
    BOOST_TEST(refusal("GET", files + "?reverse=true") == "400 VALIDATION_ERROR reverse");
    BOOST_TEST(refusal("GET", files + "?prefix=" + std::string(481, 'a')) == "400 VALIDATION_ERROR prefix");
}

BOOST_AUTO_TEST_CASE(keys_need_the_permissions_of_files) {
    const auto key_with = [this](const std::string& permissions) {
        return member(send("POST", "/api/v1/api-keys", R"({"name":"k","permissions":[)" + permissions + "]}").body,
                      "plainKey");
    };
    put("f", "x");
    const auto status = [&](const std::string& with, std::string_view method, std::string_view body = {}) {
        return send_as(method, files + "/f", body, {{"Authorization", "Bearer " + with}}).status;
    };
    const auto other = key_with(R"("kv:read","kv:write")");
    const auto reader = key_with(R"("files:read")");
    const auto writer = key_with(R"("files:write")");
    BOOST_TEST(status(other, "GET") == 403U);
    BOOST_TEST(status(other, "PUT", "x") == 403U);
    BOOST_TEST(status(reader, "GET") == 200U);
    BOOST_TEST(status(reader, "PUT", "x") == 403U);
    BOOST_TEST(status(writer, "GET") == 403U);
    BOOST_TEST(status(writer, "PUT", "x") == 204U);
    BOOST_TEST(status(writer, "DELETE") == 204U);
    BOOST_TEST(send_as("GET", files + "/f").status == 401U);
}

BOOST_AUTO_TEST_CASE(signed_urls_download_one_version_for_a_while) {
    send("POST", ns + "/integrations",
         R"({"integrationName":"storage","settings":{"persistence":{"scope":"workspace"}}})");
    const auto content = content_of(1, large_bytes);
    put("d/report.pdf", content, {{"Content-Type", "application/pdf"}});
    const auto url = url_of("d/report.pdf", R"(,"expiresInSeconds":60)");
    BOOST_TEST(url.starts_with("/files/"));
    const auto found = send_as("GET", url);
    BOOST_TEST(found.status == 200U);
    BOOST_TEST((found.body == content));
    BOOST_TEST(found.header("content-type") == "application/pdf");
    BOOST_TEST(found.header("content-disposition") ==
               "attachment; filename=\"report.pdf\"; filename*=UTF-8''report.pdf");
    BOOST_TEST(found.header("content-security-policy") == "sandbox; default-src 'none'");
    BOOST_TEST(send_as("GET", url, {}, {{"Range", "bytes=0-9"}}).body == content.substr(0, 10));
    BOOST_TEST(send_as("HEAD", url).header("content-length") == std::to_string(large_bytes));

    BOOST_TEST(send_as("GET", "/files/x").status == 403U);
    auto forged = url;
    forged[20] = forged[20] == 'A' ? 'B' : 'A';
    BOOST_TEST(masked(send_as("GET", forged).text()) ==
               R"(403 {"error":"the download URL was not signed by this server","code":"FORBIDDEN","details":{}})");
    BOOST_TEST(send_as("GET", url + "?x=1").status == 400U);

    clock.advance(59'999);
    BOOST_TEST(send_as("GET", url).status == 200U);
    clock.advance(1);
    const auto expired = send_as("GET", url);
    BOOST_TEST(expired.status == 410U);
    BOOST_TEST(member(expired.body, "code") == "EXPIRED");
    const auto other = url_of("d/report.pdf");
    put("d/report.pdf", "another version");
    BOOST_TEST(send_as("GET", other).status == 404U);
    const auto last = url_of("d/report.pdf");
    BOOST_TEST(send_as("GET", last).body == "another version");
    send("DELETE", files + "/d/report.pdf");
    BOOST_TEST(send_as("GET", last).status == 404U);
}

BOOST_AUTO_TEST_CASE(files_survive_a_restart) {
    const auto content = content_of(1, large_bytes);
    put("f", content);
    put("g", "small");
    close();
    open();
    BOOST_TEST((get("f").body == content));
    BOOST_TEST(get("g").body == "small");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

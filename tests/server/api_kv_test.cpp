// Keys over HTTP: read, write, delete, conditions, expiry.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/api_fixture.hpp"

namespace alcove::test {
namespace {

BOOST_FIXTURE_TEST_SUITE(api_kv, NamespaceFixture)

BOOST_AUTO_TEST_CASE(put_then_get_gives_the_same_bytes_back) {
    const std::string bytes("\0\xff\r\n bytes", 10);
    const auto put = send("PUT", kv + "/a/b", bytes, {{"Content-Type", "image/x-thing; a=b"}});
    BOOST_TEST(put.text() == "201");
    const auto got = send("GET", kv + "/a/b");
    BOOST_TEST(got.status == 200U);
    BOOST_TEST(got.body == bytes);
    BOOST_TEST(got.header("etag") == put.header("etag"));
    BOOST_TEST(got.header("content-type") == "image/x-thing; a=b");
    BOOST_TEST(got.header("last-modified") == "Tue, 14 Nov 2023 22:13:20 GMT");
    BOOST_TEST(got.header("x-content-type-options") == "nosniff");
    BOOST_TEST(got.header("alcove-expires-at") == "");
    const auto head = send("HEAD", kv + "/a/b");
    BOOST_TEST(head.status == 200U);
    BOOST_TEST(head.header("content-length") == "10");
    BOOST_TEST(head.header("etag") == put.header("etag"));
    BOOST_TEST(head.body == "");
}

BOOST_AUTO_TEST_CASE(second_put_replaces_and_its_version_is_higher) {
    const auto first = send("PUT", kv + "/k", "1");
    const auto second = send("PUT", kv + "/k", "2");
    BOOST_TEST(first.status == 201U);
    BOOST_TEST(second.text() == "204");
    const auto version = [](const Reply& reply) { return std::stoull(reply.header("etag").substr(1)); };
    BOOST_TEST(version(second) > version(first));
    BOOST_TEST(send("GET", kv + "/k").body == "2");
    BOOST_TEST(send("GET", kv + "/k").header("content-type") == "application/octet-stream");
    BOOST_TEST(call("PUT", kv + "/empty", "") == "201");
    BOOST_TEST(call("GET", kv + "/empty") == "200");
}

BOOST_AUTO_TEST_CASE(three_scopes_are_three_namespaces) {
    const std::string paths[] = {kv + "/k", ns + "/end-users/u/kv/k", ns + "/external/u/kv/k",
                                 ns + "/external/some%2Fother/kv/k"};
    int number = 0;
    for (const auto& path : paths)
        BOOST_TEST(call("PUT", path, std::to_string(number++)) == "201");
    number = 0;
    for (const auto& path : paths)
        BOOST_TEST(call("GET", path) == "200 " + std::to_string(number++));
    BOOST_TEST(call("GET", "/api/v1/workspaces/" + workspace_id + "/end-users/u/kv/k") == "200 1");
    BOOST_TEST(call("DELETE", paths[0]) == "204");
    BOOST_TEST(call("GET", paths[1]) == "200 1");
}

BOOST_AUTO_TEST_CASE(unknown_owner_is_404_before_anything_else) {
    BOOST_TEST(refusal("GET", "/api/v1/workspaces/nope/kv/k?x=1") == "404 NOT_FOUND");
    BOOST_TEST(refusal("PUT", "/api/v1/workspaces/nope/kv/k?ttl=x", "v") == "404 NOT_FOUND");
    BOOST_TEST(refusal("GET", ns + "/end-users/nobody/kv/k") == "404 END_USER_NOT_FOUND");
    BOOST_TEST(refusal("GET", ns + "/end-users/" + end_user_id + "/kv/k") == "404 END_USER_NOT_FOUND");
    BOOST_TEST(refusal("GET", ns + "/external/a%01/kv/k") == "400 VALIDATION_ERROR externalId");
    BOOST_TEST(refusal("GET", ns + "/external/%FF/kv/k") == "400 VALIDATION_ERROR externalId");
}

BOOST_AUTO_TEST_CASE(key_is_the_decoded_rest_of_the_path_as_it_is) {
    for (const auto* path : {"/a%2Fb", "//", "/../x", "/a/./b/", "/%25", "/a+b", "/%D0%BA%D0%BB"}) {
        BOOST_TEST(call("PUT", kv + path, path) == "201", path);
    }
    BOOST_TEST(call("GET", kv + "/a/b") == "200 /a%2Fb");
    BOOST_TEST(call("GET", kv + "/%61%2fb") == "200 /a%2Fb");
    const auto list = send("GET", kv).body;
    for (const auto* listed : {"\"../x\"", "\"/\"", "\"a/./b/\"", "\"%\"", "\"a+b\"", "\"\xd0\xba\xd0\xbb\""}) {
        BOOST_TEST(list.find(listed) != std::string::npos, listed);
    }
}

BOOST_AUTO_TEST_CASE(bad_key_is_refused) {
    const std::string longest(480, 'k');
    BOOST_TEST(call("PUT", kv + "/" + longest, "v") == "201");
    for (const auto& path : {std::string("/"), "/" + longest + "k", std::string("/a%00b"), std::string("/%ff")}) {
        for (const auto* method : {"GET", "PUT", "DELETE", "POST"}) {
            BOOST_TEST(refusal(method, kv + path, "{}") == "400 VALIDATION_ERROR key", path);
        }
    }
    BOOST_TEST(refusal("GET", kv + "/%4") == "400 VALIDATION_ERROR path");
}

BOOST_AUTO_TEST_CASE(missing_key_is_404) {
    BOOST_TEST(refusal("GET", kv + "/k") == "404 NOT_FOUND");
    BOOST_TEST(send("HEAD", kv + "/k").text() == "404");
    BOOST_TEST(refusal("DELETE", kv + "/k") == "404 NOT_FOUND");
    send("PUT", kv + "/k", "v");
    BOOST_TEST(call("DELETE", kv + "/k") == "204");
    BOOST_TEST(refusal("GET", kv + "/k") == "404 NOT_FOUND");
    BOOST_TEST(refusal("DELETE", kv + "/k") == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(reads_obey_conditions) {
    const auto etag = send("PUT", kv + "/k", "v").header("etag");
    const auto get = [this](const std::string& name, const std::string& value) {
        return send("GET", kv + "/k", {}, {{name, value}}).text().substr(0, 5);
    };
    for (const auto& value : {etag, "W/" + etag, "\"1x\", " + etag, std::string("*"), etag + " , \"0\""}) {
        BOOST_TEST(get("If-None-Match", value) == "304", value);
    }
    BOOST_TEST(get("If-None-Match", "\"1\"") == "200 v");
    BOOST_TEST(get("If-Match", etag) == "200 v");
    BOOST_TEST(get("If-Match", "*") == "200 v");
    BOOST_TEST(get("If-Match", "\"1\", " + etag) == "200 v");
    BOOST_TEST(get("If-Match", "W/" + etag) == "412 {");
    BOOST_TEST(get("If-Match", "\"1\"") == "412 {");
    BOOST_TEST(get("If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT") == "304");
    BOOST_TEST(get("If-Modified-Since", "Tue, 14 Nov 2023 22:13:19 GMT") == "200 v");
    BOOST_TEST(get("If-Modified-Since", "yesterday") == "200 v");
    const auto both = send("GET", kv + "/k", {},
                           {{"If-None-Match", "\"1\""}, {"If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT"}});
    BOOST_TEST(both.text() == "200 v");
    const auto unchanged = send("GET", kv + "/k", {}, {{"If-None-Match", etag}});
    BOOST_TEST(unchanged.header("etag") == etag);
    BOOST_TEST(unchanged.body == "");
    for (const auto* bad : {"x", "\"a", "\"a\" \"b\"", ""}) {
        BOOST_TEST(refusal("GET", kv + "/k", {}, {{"If-None-Match", bad}}) == "400 VALIDATION_ERROR If-None-Match",
                   bad);
    }
    BOOST_TEST(refusal("GET", kv + "/missing", {}, {{"If-Match", etag}}) == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(writes_obey_conditions) {
    const auto failed = [this](const std::string& method, const std::string& name, const std::string& value) {
        const auto reply = send(method, kv + "/k", "x", {{name, value}});
        if (reply.status != 412) return reply.text();
        BOOST_TEST(member(reply.body, "code") == "PRECONDITION_FAILED");
        return reply.body.substr(reply.body.find("details") + 9);
    };
    BOOST_TEST(failed("PUT", "If-Match", "\"1\"") == "{\"version\":null}}");
    BOOST_TEST(failed("PUT", "If-Match", "*") == "{\"version\":null}}");
    BOOST_TEST(failed("DELETE", "If-Match", "\"1\"") == "{\"version\":null}}");
    BOOST_TEST(failed("PUT", "If-None-Match", "*") == "201");
    const auto etag = send("GET", kv + "/k").header("etag");
    const auto current = "{\"version\":" + etag + "}}";
    BOOST_TEST(failed("PUT", "If-None-Match", "*") == current);
    BOOST_TEST(failed("PUT", "If-Match", "\"1\"") == current);
    BOOST_TEST(failed("PUT", "If-Match", "W/" + etag) == current);
    BOOST_TEST(failed("PUT", "If-Match", "\"no version\"") == current);
    BOOST_TEST(failed("PUT", "If-Match", "\"0" + etag.substr(1)) == current);
    BOOST_TEST(failed("PUT", "If-Match", "\"99999999999999999999999\"") == current);
    BOOST_TEST(failed("DELETE", "If-Match", "\"1\"") == current);
    BOOST_TEST(failed("PUT", "If-Match", "*") == "204");
    BOOST_TEST(failed("DELETE", "If-Match", etag) != "204");
    BOOST_TEST(failed("DELETE", "If-Match", send("GET", kv + "/k").header("etag")) == "204");
    BOOST_TEST(refusal("PUT", kv + "/k", "x", {{"If-Match", etag + ", \"1\""}}) == "400 VALIDATION_ERROR If-Match");
    BOOST_TEST(refusal("PUT", kv + "/k", "x", {{"If-Match", "1"}}) == "400 VALIDATION_ERROR If-Match");
    BOOST_TEST(refusal("PUT", kv + "/k", "x", {{"If-None-Match", etag}}) == "400 VALIDATION_ERROR If-None-Match");
}

BOOST_AUTO_TEST_CASE(expiry_is_exact_to_the_millisecond) {
    const auto put = send("PUT", kv + "/k?ttl=1.5", "v");
    BOOST_TEST(put.status == 201U);
    BOOST_TEST(put.header("alcove-expires-at") == "2023-11-14T22:13:21.500Z");
    BOOST_TEST(send("GET", kv + "/k").header("alcove-expires-at") == "2023-11-14T22:13:21.500Z");
    clock.advance(1499);
    BOOST_TEST(call("GET", kv + "/k") == "200 v");
    clock.advance(1);
    BOOST_TEST(refusal("GET", kv + "/k") == "404 NOT_FOUND");
    BOOST_TEST(call("PUT", kv + "/k?expiresAt=2023-11-14T22:13:21.501Z", "w") == "201");
    BOOST_TEST(call("PUT", kv + "/k", "w") == "204");
    clock.advance(1000);
    BOOST_TEST(call("GET", kv + "/k") == "200 w");
    BOOST_TEST(send("GET", kv + "/k").header("alcove-expires-at") == "");
}

BOOST_AUTO_TEST_CASE(bad_expiry_is_refused) {
    const auto put = [this](const std::string& query) { return refusal("PUT", kv + "/k?" + query, "v"); };
    for (const auto* ttl : {"0", "-1", "", "x", "0.0", "1.", ".5", "1s", "3153600001", "-0.5", "nan", "inf", "1e99",
                            "1e", "e1", "1.x", "9999999999999999999"}) {
        BOOST_TEST(put(std::string("ttl=") + ttl) == "400 VALIDATION_ERROR ttl", ttl);
    }
    for (const auto* time : {"", "tomorrow", "2023-11-14T22:13:20.000Z", "2024-01-01", "2024-13-01T00:00:00Z",
                             "2024-01-01T00:00:00%2B01:00", "2223-11-14T22:13:20.000Z"}) {
        BOOST_TEST(put(std::string("expiresAt=") + time) == "400 VALIDATION_ERROR expiresAt", time);
    }
    BOOST_TEST(put("ttl=1&expiresAt=2024-01-01T00:00:00Z") == "400 VALIDATION_ERROR expiresAt");
    BOOST_TEST(put("ttl=1&ttl=1") == "400 VALIDATION_ERROR ttl");
    BOOST_TEST(put("TTL=1") == "400 VALIDATION_ERROR TTL");
    BOOST_TEST(put("ttl=3153600000") == "201 ");
    BOOST_TEST(put("ttl=1.5e2") == "204 ");
    BOOST_TEST(send("GET", kv + "/k").header("alcove-expires-at") == "2023-11-14T22:15:50.000Z");
    BOOST_TEST(put("ttl=0.0001") == "204 ");
    BOOST_TEST(put("ttl=0.0010") == "204 ");
    BOOST_TEST(send("GET", kv + "/k").header("alcove-expires-at") == "2023-11-14T22:13:20.001Z");
}

BOOST_AUTO_TEST_CASE(unknown_parameters_are_refused) {
    for (const auto* method : {"GET", "PUT", "DELETE", "POST"}) {
        BOOST_TEST(refusal(method, kv + "/k?hold=30", "{}") == "400 VALIDATION_ERROR hold", method);
    }
}

BOOST_AUTO_TEST_CASE(value_may_have_the_limit_and_no_more) {
    BOOST_TEST(call("PUT", kv + "/k", std::string(1 << 20, 'v')) == "201");
    BOOST_TEST(send("GET", kv + "/k").body.size() == std::size_t{1} << 20);
    BOOST_TEST(refusal("PUT", kv + "/k", std::string((1 << 20) + 1, 'v')) == "413 TOO_LARGE body");
    BOOST_TEST(refusal("POST", kv + "/k", R"({"op":"append","value":"x"})") == "409 TYPE_MISMATCH");
    send("PUT", kv + "/t", std::string(1 << 20, 'v'), {{"Content-Type", "text/plain"}});
    BOOST_TEST(refusal("POST", kv + "/t", R"({"op":"append","value":"x"})") == "413 TOO_LARGE");
}

BOOST_AUTO_TEST_CASE(content_type_is_checked) {
    const std::string longest = "text/" + std::string(250, 'a');
    BOOST_TEST(call("PUT", kv + "/k", "v", {{"Content-Type", longest}}) == "201");
    BOOST_TEST(send("GET", kv + "/k").header("content-type") == longest);
    BOOST_TEST(refusal("PUT", kv + "/k", "v", {{"Content-Type", longest + "a"}}) ==
               "400 VALIDATION_ERROR Content-Type");
    BOOST_TEST(refusal("PUT", kv + "/k", "v", {{"Content-Type", "text/\xc3\xa9"}}) ==
               "400 VALIDATION_ERROR Content-Type");
    BOOST_TEST(call("PUT", kv + "/k", "{broken", {{"Content-Type", "application/json"}}) == "204");
    BOOST_TEST(call("GET", kv + "/k") == "200 {broken");
}

BOOST_AUTO_TEST_CASE(single_operations_answer_their_result) {
    const auto post = [this](std::string_view body) { return call("POST", kv + "/k", body); };
    BOOST_TEST(post(R"({"op":"increment","by":5})") == R"(200 {"value":5,"version":"V"})");
    BOOST_TEST(post(R"({"op":"increment"})") == R"(200 {"value":6,"version":"V"})");
    BOOST_TEST(post(R"({"op":"increment","by":-7})") == R"(200 {"value":-1,"version":"V"})");
    BOOST_TEST(post(R"({"op":"increment","by":0.5})") == R"(200 {"value":-0.5,"version":"V"})");
    BOOST_TEST(post(R"({"op":"get"})") == R"(200 {"value":-0.5,"version":"V","contentType":"application/json"})");
    BOOST_TEST(post(R"({"op":"put","value":[1, 2]})") == R"(200 {"version":"V"})");
    BOOST_TEST(post(R"({"op":"addToList","value":{"a":1}})") == R"(200 {"value":[1,2,{"a":1}],"version":"V"})");
    BOOST_TEST(post(R"({"op":"addToList","value":2,"unique":true})") ==
               R"(200 {"value":[1,2,{"a":1}],"version":"V"})");
    BOOST_TEST(post(R"({"op":"removeFromList","value":{"a":1}})") == R"(200 {"value":[1,2],"version":"V"})");
    BOOST_TEST(post(R"({"op":"put","value":{"a":1,"b":2}})") == R"(200 {"version":"V"})");
    BOOST_TEST(post(R"({"op":"merge","value":{"a":null,"c":3}})") ==
               R"(200 {"value":{"b":2,"c":3},"version":"V"})");
    BOOST_TEST(post(R"({"op":"touch","ttl":10})") == R"(200 {"value":{"b":2,"c":3},"version":"V"})");
    BOOST_TEST(send("GET", kv + "/k").header("alcove-expires-at") == "2023-11-14T22:13:30.000Z");
    BOOST_TEST(post(R"({"op":"touch","ttl":null})") == R"(200 {"value":{"b":2,"c":3},"version":"V"})");
    BOOST_TEST(send("GET", kv + "/k").header("alcove-expires-at") == "");
    BOOST_TEST(post(R"({"op":"put","text":"a"})") == R"(200 {"version":"V"})");
    BOOST_TEST(post(R"({"op":"append","value":"b","separator":"-"})") == R"(200 {"value":"a-b","version":"V"})");
    BOOST_TEST(send("GET", kv + "/k").header("content-type") == "text/plain; charset=utf-8");
    BOOST_TEST(post(R"({"op":"put","base64":"AP8="})") == R"(200 {"version":"V"})");
    BOOST_TEST(post(R"({"op":"get"})") ==
               R"(200 {"value":{"base64":"AP8="},"version":"V","contentType":"application/octet-stream"})");
    BOOST_TEST(post(R"({"op":"delete"})") == R"(200 {"existed":true})");
    BOOST_TEST(post(R"({"op":"delete"})") == R"(200 {"existed":false})");
    BOOST_TEST(refusal("POST", kv + "/k", R"({"op":"get"})") == "404 NOT_FOUND");
    BOOST_TEST(refusal("POST", kv + "/k", R"({"op":"touch","ttl":1})") == "404 NOT_FOUND");
}

BOOST_AUTO_TEST_CASE(single_operation_obeys_conditions) {
    const auto etag = send("PUT", kv + "/k", "1", {{"Content-Type", "application/json"}}).header("etag");
    const std::string increment = R"({"op":"increment"})";
    BOOST_TEST(refusal("POST", kv + "/k", increment, {{"If-Match", "\"1\""}}) == "412 PRECONDITION_FAILED");
    BOOST_TEST(send("POST", kv + "/k", increment, {{"If-Match", etag}}).status == 200U);
    BOOST_TEST(refusal("POST", kv + "/k", increment, {{"If-None-Match", "*"}}) == "412 PRECONDITION_FAILED");
}

BOOST_AUTO_TEST_CASE(wrong_types_are_409_and_change_nothing) {
    send("PUT", kv + "/k", R"("text")", {{"Content-Type", "application/json"}});
    for (const auto* body :
         {R"({"op":"increment"})", R"({"op":"append","value":"x"})", R"({"op":"merge","value":{}})",
          R"({"op":"addToList","value":1})", R"({"op":"removeFromList","value":1})"}) {
        BOOST_TEST(refusal("POST", kv + "/k", body) == "409 TYPE_MISMATCH", body);
    }
    send("PUT", kv + "/n", "9223372036854775807", {{"Content-Type", "application/json"}});
    BOOST_TEST(refusal("POST", kv + "/n", R"({"op":"increment"})") == "409 TYPE_MISMATCH");
    BOOST_TEST(call("GET", kv + "/n") == "200 9223372036854775807");
}

BOOST_AUTO_TEST_CASE(bad_operation_is_refused_with_its_field) {
    const auto post = [this](std::string_view body) { return refusal("POST", kv + "/k", body); };
    BOOST_TEST(post("{}") == "400 VALIDATION_ERROR op");
    BOOST_TEST(post(R"({"op":1})") == "400 VALIDATION_ERROR op");
    BOOST_TEST(post(R"({"op":"jump"})") == "400 VALIDATION_ERROR op");
    BOOST_TEST(post(R"({"op":"deletePrefix","prefix":"a"})") == "400 VALIDATION_ERROR op");
    BOOST_TEST(post(R"({"op":"get","key":"k"})") == "400 VALIDATION_ERROR key");
    BOOST_TEST(post(R"({"op":"get","x":1})") == "400 VALIDATION_ERROR x");
    BOOST_TEST(post(R"({"op":"put"})") == "400 VALIDATION_ERROR value");
    BOOST_TEST(post(R"({"op":"put","value":1,"text":"a"})") == "400 VALIDATION_ERROR value");
    BOOST_TEST(post(R"({"op":"put","text":1})") == "400 VALIDATION_ERROR text");
    for (const auto* base64 : {"A", "AP8", "AP8=\\n", "AP 8=", "AP9=", "====", "AP8=AP8="}) {
        BOOST_TEST(post(std::string(R"({"op":"put","base64":")") + base64 + "\"}") == "400 VALIDATION_ERROR base64",
                   base64);
    }
    BOOST_TEST(post(R"({"op":"put","value":1,"contentType":"a\nb"})") == "400 VALIDATION_ERROR contentType");
    BOOST_TEST(post(R"({"op":"put","value":1,"contentType":""})") == "400 VALIDATION_ERROR contentType");
    BOOST_TEST(post(R"({"op":"put","value":1,"ttl":0})") == "400 VALIDATION_ERROR ttl");
    BOOST_TEST(post(R"({"op":"put","value":1,"ttl":"1"})") == "400 VALIDATION_ERROR ttl");
    BOOST_TEST(post(R"({"op":"put","value":1,"ttl":1e300})") == "400 VALIDATION_ERROR ttl");
    BOOST_TEST(post(R"({"op":"put","value":1,"expiresAt":"x"})") == "400 VALIDATION_ERROR expiresAt");
    BOOST_TEST(post(R"({"op":"put","value":1,"ttl":1,"expiresAt":"2024-01-01T00:00:00Z"})") ==
               "400 VALIDATION_ERROR expiresAt");
    BOOST_TEST(post(R"({"op":"increment","by":"1"})") == "400 VALIDATION_ERROR by");
    BOOST_TEST(post(R"({"op":"increment","by":9223372036854775808})") == "400 VALIDATION_ERROR by");
    BOOST_TEST(post(R"({"op":"append"})") == "400 VALIDATION_ERROR value");
    BOOST_TEST(post(R"({"op":"append","value":1})") == "400 VALIDATION_ERROR value");
    BOOST_TEST(post(R"({"op":"append","value":"a","separator":1})") == "400 VALIDATION_ERROR separator");
    BOOST_TEST(post(R"({"op":"addToList"})") == "400 VALIDATION_ERROR value");
    BOOST_TEST(post(R"({"op":"addToList","value":1,"unique":1})") == "400 VALIDATION_ERROR unique");
    BOOST_TEST(post(R"({"op":"removeFromList"})") == "400 VALIDATION_ERROR value");
    BOOST_TEST(post(R"({"op":"merge","value":1})") == "400 VALIDATION_ERROR value");
    BOOST_TEST(post(R"({"op":"merge"})") == "400 VALIDATION_ERROR value");
    BOOST_TEST(post(R"({"op":"touch"})") == "400 VALIDATION_ERROR ttl");
    BOOST_TEST(post(R"({"op":"touch","ttl":true})") == "400 VALIDATION_ERROR ttl");
    BOOST_TEST(post(R"({"op":"touch","ttl":-1})") == "400 VALIDATION_ERROR ttl");
    BOOST_TEST(call("POST", kv + "/k", R"({"op":"put","value":1,"ttl":1e1})") == R"(200 {"version":"V"})");
    BOOST_TEST(send("GET", kv + "/k").header("alcove-expires-at") == "2023-11-14T22:13:30.000Z");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

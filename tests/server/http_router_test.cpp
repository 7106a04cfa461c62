// Which pattern a path belongs to, and what its captures hold.
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <string>

#include "server/http/router.hpp"

using namespace alcove::http;

namespace {

enum Route : Router::Route { root, workspaces, workspace, me, keys, key, file, deep, any };

const Router& router() {
    static const auto built = [] {
        Router router;
        router.add(Method::get, "/", root);
        router.add(Method::get, "/api/v1/workspaces", workspaces);
        router.add(Method::post, "/api/v1/workspaces", workspaces);
        router.add(Method::get, "/api/v1/workspaces/{workspace}", workspace);
        router.add(Method::delete_, "/api/v1/workspaces/{id}", workspace);
        router.add(Method::get, "/api/v1/workspaces/me", me);
        router.add(Method::get, "/api/v1/workspaces/{workspace}/kv", keys);
        router.add(Method::put, "/api/v1/workspaces/{workspace}/kv/{key...}", key);
        router.add(Method::get, "/api/v1/workspaces/{workspace}/kv/{key...}", key);
        router.add(Method::get, "/a/b/c", deep);
        router.add(Method::get, "/a/{one}/d", deep);
        router.add(Method::get, "/a/{rest...}", any);
        router.add(Method::get, "/sp ace/{x}", file);
        return router;
    }();
    return built;
}

// "7 workspace=acme key=a/b", "404", "405 GET, HEAD" or "400".
std::string find(Method method, std::string_view path) {
    auto match = router().match(method, path);
    switch (match.outcome) {
        case Router::Outcome::not_found:
            return "404";
        case Router::Outcome::bad_encoding:
            return "400";
        case Router::Outcome::method_not_allowed:
            return "405 " + std::string(match.allow);
        case Router::Outcome::matched:
            break;
    }
    auto text = std::to_string(match.route);
    for (std::size_t i = 0; i < match.size(); ++i) {
        text.append(" ").append(match[i].name).append("=").append(match[i].value);
    }
    return text;
}

std::string get(std::string_view path) {
    return find(Method::get, path);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_router)

BOOST_AUTO_TEST_CASE(literals_captures_and_rests_match) {
    BOOST_TEST(get("/") == "0");
    BOOST_TEST(get("/api/v1/workspaces") == "1");
    BOOST_TEST(get("/api/v1/workspaces/acme") == "2 workspace=acme");
    BOOST_TEST(get("/api/v1/workspaces/acme/kv") == "4 workspace=acme");
    BOOST_TEST(get("/api/v1/workspaces/acme/kv/a") == "5 workspace=acme key=a");
    BOOST_TEST(get("/api/v1/workspaces/acme/kv/a/b/c") == "5 workspace=acme key=a/b/c");
    BOOST_TEST(router().match(Method::get, "/api/v1/workspaces/acme/kv/a")["key"] == "a");
    BOOST_TEST(router().match(Method::get, "/api/v1/workspaces/acme/kv/a")["other"] == "");
}

BOOST_AUTO_TEST_CASE(nothing_is_normalised) {
    BOOST_TEST(get("") == "404");
    BOOST_TEST(get("*") == "404");
    BOOST_TEST(get("//") == "404");
    BOOST_TEST(get("/api/v1/workspaces/") == "404");
    BOOST_TEST(get("/api/v1/workspaces//kv") == "404");
    BOOST_TEST(get("/api/v1//workspaces") == "404");
    BOOST_TEST(get("/api/v1/Workspaces") == "404");
    BOOST_TEST(get("/api/v1/workspaces/.") == "2 workspace=.");
    BOOST_TEST(get("/api/v1/workspaces/../kv/x") == "5 workspace=.. key=x");
    BOOST_TEST(get("/api/v1/workspaces/acme/kv/") == "5 workspace=acme key=");
    BOOST_TEST(get("/api/v1/workspaces/acme/kv//") == "5 workspace=acme key=/");
    BOOST_TEST(get("/api/v1/workspaces/acme/kv/../..//./") == "5 workspace=acme key=../..//./");
}

BOOST_AUTO_TEST_CASE(segments_are_split_first_and_decoded_once) {
    BOOST_TEST(get("/api/v1/workspaces/a%2Fb") == "2 workspace=a/b");
    BOOST_TEST(get("/api/v1/workspaces/a%252Fb/kv/%25zz") == "5 workspace=a%2Fb key=%zz");
    BOOST_TEST(get("/api/v1/workspaces/%C3%A9/kv/x%20y/z%2f") == "5 workspace=\u00e9 key=x y/z/");
    BOOST_TEST(get("/api/v1/workspaces/a+b") == "2 workspace=a+b");
    BOOST_TEST(get("/%61pi/v1/work%73paces") == "1");
    BOOST_TEST(get("/api%2Fv1/workspaces") == "404");
    BOOST_TEST(get("/sp%20ace/%20") == "6 x= ");
    BOOST_TEST(find(Method::get, "/api/v1/workspaces/%00").size() == std::string("2 workspace=").size() + 1);
}

BOOST_AUTO_TEST_CASE(bad_percent_encoding_is_told_apart) {
    for (auto path : {"/api/v1/workspaces/%", "/api/v1/workspaces/%4", "/api/v1/workspaces/%zz", "/no/where/%g0"}) {
        BOOST_TEST(get(path) == "400");
    }
}

BOOST_AUTO_TEST_CASE(literals_go_before_captures_and_captures_before_rests) {
    BOOST_TEST(get("/api/v1/workspaces/me") == "3");
    BOOST_TEST(get("/api/v1/workspaces/me/kv") == "4 workspace=me");
    BOOST_TEST(get("/a/b/c") == "7");
    BOOST_TEST(get("/a/b/d") == "7 one=b");
    BOOST_TEST(get("/a/b/e") == "8 rest=b/e");
    BOOST_TEST(get("/a/b%2Fc/d/e") == "8 rest=b/c/d/e");
    BOOST_TEST(get("/a/") == "8 rest=");
    BOOST_TEST(get("/a") == "404");
}

BOOST_AUTO_TEST_CASE(the_path_decides_before_the_method) {
    BOOST_TEST(find(Method::put, "/api/v1/workspaces") == "405 GET, HEAD, POST");
    BOOST_TEST(find(Method::delete_, "/api/v1/workspaces/me") == "405 GET, HEAD");
    BOOST_TEST(find(Method::delete_, "/api/v1/workspaces/x") == "2 id=x");
    BOOST_TEST(find(Method::other, "/api/v1/workspaces/x/kv/y") == "405 GET, HEAD, PUT");
    BOOST_TEST(find(Method::post, "/nowhere") == "404");
}

BOOST_AUTO_TEST_CASE(get_answers_head) {
    BOOST_TEST(find(Method::head, "/api/v1/workspaces/acme") == "2 workspace=acme");
}

BOOST_AUTO_TEST_CASE(decoded_values_survive_a_move_of_the_match) {
    auto match = router().match(Method::get, "/api/v1/workspaces/%61/kv/%62");
    auto moved = std::move(match);
    BOOST_TEST(moved["workspace"] == "a");
    BOOST_TEST(moved["key"] == "b");
}

BOOST_AUTO_TEST_CASE(bad_patterns_are_refused) {
    Router fresh;
    fresh.add(Method::get, "/a/{b}", 1);
    for (auto pattern : {"", "a", "/{}", "/{...}", "/{a...}/b", "/x{a}", "/{a", "/a}", "/%41", "/a/{other}",
                         "/{1}/{2}/{3}/{4}/{5}/{6}/{7}/{8}/{9}"}) {
        BOOST_CHECK_THROW(fresh.add(Method::get, pattern, 2), std::invalid_argument);
    }
    BOOST_CHECK_THROW(fresh.add(Method::other, "/b", 2), std::invalid_argument);
    BOOST_CHECK_NO_THROW(fresh.add(Method::put, "/a/{b}", 2));
}

BOOST_AUTO_TEST_CASE(a_typical_match_is_fast) {
    constexpr int rounds = 200'000;
    std::string path = "/api/v1/workspaces/acme/kv/some/key";
    std::size_t bytes = 0;
    auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < rounds; ++i)
        bytes += router().match(Method::get, path)[1].value.size();
    auto took = std::chrono::steady_clock::now() - begin;
    BOOST_TEST(bytes == rounds * std::string("some/key").size());
    BOOST_TEST_MESSAGE("a match takes " << std::chrono::nanoseconds(took).count() / rounds << " ns");
}

BOOST_AUTO_TEST_SUITE_END()

// Watches as server-sent events.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/watch_fixture.hpp"

namespace alcove::test {
namespace {

struct SseFixture : WatchFixture {
    static HttpClient::Headers with(const std::string& name, const std::string& value) {
        auto headers = bearer(key);
        headers.emplace(name, value);
        return headers;
    }
};

BOOST_FIXTURE_TEST_SUITE(watch_sse, SseFixture)

BOOST_AUTO_TEST_CASE(a_stream_is_event_id_and_data_of_each_frame) {
    put("a", "1");
    SseReader reader(port(), target_of("from=snapshot"), bearer(key));
    BOOST_TEST(reader.reply().status == 200U);
    BOOST_TEST(reader.reply().header("content-type").starts_with("text/event-stream"));
    BOOST_TEST(reader.reply().header("cache-control").find("no-") != std::string::npos);
    const auto ok = reader.next();
    BOOST_TEST(ok.event == "ok");
    BOOST_TEST(!ok.has_id);
    const auto snapshot = reader.next();
    BOOST_TEST(snapshot.event == "snapshot");
    BOOST_TEST(!snapshot.has_id);
    BOOST_TEST(told(snapshot.frame()) == "a=1");
    const auto synced = reader.next();
    BOOST_TEST(synced.event == "synced");
    BOOST_TEST(synced.id == synced.frame().cursor);
    put("a", "2");
    const auto events = reader.next_told();
    BOOST_TEST(events.event == "events");
    BOOST_TEST(events.id == events.frame().cursor);
    BOOST_TEST(masked(events.data) ==
               R"({"t":"events","id":1,"cursor":"C","more":false,"events":[{"op":"put","key":"a","version":"V",)"
               R"("contentType":"application/json","created":false,"value":2}]})");
}

BOOST_AUTO_TEST_CASE(the_first_cursor_of_a_stream_that_begins_now_is_an_id) {
    SseReader reader(port(), target_of(""), bearer(key));
    const auto ok = reader.next();
    BOOST_TEST(!ok.id.empty());
    BOOST_TEST(ok.id == ok.frame().cursor);
}

BOOST_AUTO_TEST_CASE(a_stream_has_the_parameters_of_a_watch) {
    SseReader reader(port(), target_of("prefix=a/&operations=put&values=false&previous=true&mode=every"),
                     bearer(key));
    BOOST_TEST(reader.next().event == "ok");
    put("a/1", "1");
    erase("a/1");
    put("b/1", "2");
    put("a/2", "3");
    BOOST_TEST(told(reader.next_told().frame()) == "put a/1");
    BOOST_TEST(told(reader.next_told().frame()) == "put a/2");
}

BOOST_AUTO_TEST_CASE(the_last_event_id_goes_before_from) {
    SseReader first(port(), target_of("from=snapshot"), bearer(key));
    first.next();
    const auto id = first.next().id;
    put("a", "1");
    put("b", "2");
    SseReader second(port(), target_of("from=snapshot"), with("Last-Event-ID", id));
    BOOST_TEST(second.next().event == "ok");
    std::vector<WatchEvent> events;
    while (events.size() < 2) {
        const auto frame = second.next_told().frame();
        BOOST_TEST(frame.type == "events");
        events.insert(events.end(), frame.events.begin(), frame.events.end());
    }
    BOOST_TEST(told(events) == "put a=1, put b=2");
    BOOST_TEST(SseReader(port(), target_of(""), with("Last-Event-ID", "nonsense")).reply().status == 400U);
}

BOOST_AUTO_TEST_CASE(a_value_of_many_lines_is_one_line_of_data) {
    SseReader reader(port(), target_of(""), bearer(key));
    reader.next();
    send("PUT", kv + "/t", "one\ntwo\r\nthree\r\n\r\ndata: x", {{"Content-Type", "text/plain"}});
    put("j", "{\n  \"a\":\r\n[1,\n2]\n}");
    const auto text = reader.next_told();
    BOOST_TEST(text.data_lines == 1);
    BOOST_TEST(told(text.frame()) == R"(put t="one\ntwo\r\nthree\r\n\r\ndata: x")");
    const auto json = reader.next_told();
    BOOST_TEST(json.data_lines == 1);
    BOOST_TEST(json.frame().events.at(0).key == "j");
}

BOOST_AUTO_TEST_CASE(events_inside_a_version_have_no_id) {
    SseReader reader(port(), target_of(""), bearer(key));
    reader.next();
    std::vector<std::string> all;
    for (int i = 10; i < 20; ++i)
        all.push_back(put_op("k" + std::to_string(i), quoted(std::string(300'000, 'v'))));
    transact(all);
    std::size_t seen = 0;
    for (bool more = true; more;) {
        const auto event = reader.next_told();
        const auto frame = event.frame();
        more = frame.more;
        seen += frame.events.size();
        BOOST_TEST(event.has_id == !more);
    }
    BOOST_TEST(seen == 10U);
}

BOOST_AUTO_TEST_CASE(events_between_the_pages_of_a_snapshot_have_no_id) {
    std::vector<std::string> all;
    for (int i = 1000; i < 1100; ++i)
        all.push_back(put_op("k" + std::to_string(i), quoted(std::string(90'000, 'v'))));
    transact(all);
    Writers writers(port(), 2, [this](auto& http, int, int call) {
        http.send("PUT", kv + "/k1000", std::to_string(call), bearer(key));
        return true;
    });
    Replica replica;
    SseReader reader(port(), target_of("from=snapshot"), bearer(key));
    while (!replica.synced()) {
        const auto event = reader.next();
        replica.apply(event.frame());
        BOOST_TEST(event.has_id == replica.synced(), event.event);
    }
    BOOST_TEST(replica.problems() == "");
}

BOOST_AUTO_TEST_CASE(a_heartbeat_keeps_the_stream_and_its_cursor_going) {
    close();
    settings.watch_heartbeat = 300ms;
    open();
    SseReader reader(port(), target_of("prefix=a"), bearer(key));
    reader.next();
    const auto last = put("b", "1");
    SseEvent event;
    do
        event = reader.next(5s);
    while (event.event != "progress" || cursor_version(event.id) < last);
    BOOST_TEST(event.id == event.frame().cursor);
}

BOOST_AUTO_TEST_CASE(a_stream_ends_behind_a_reset_and_an_end) {
    SseReader emptied(port(), target_of(""), bearer(key));
    emptied.next();
    SseReader deleted(port(), target_of("", ns + "/end-users/u"), bearer(key));
    deleted.next();
    put("a", "1");
    send("DELETE", ns + "/data");
    auto event = emptied.next_told();
    if (event.event == "events") event = emptied.next_told();
    BOOST_TEST(told(event.frame()) == "reset emptied");
    BOOST_TEST(emptied.ends());
    send("DELETE", "/api/v1/end-users/" + end_user_id);
    BOOST_TEST(told(deleted.next_told().frame()) == "end namespace_deleted");
    BOOST_TEST(deleted.ends());
}

BOOST_AUTO_TEST_CASE(what_is_refused_is_an_answer_and_no_stream) {
    BOOST_TEST(refusal("GET", ns + "/watch?from=then") == "400 VALIDATION_ERROR from");
    BOOST_TEST(refusal("GET", ns + "/watch?operations=get") == "400 VALIDATION_ERROR operations");
    BOOST_TEST(refusal("GET", ns + "/watch?mode=all") == "400 VALIDATION_ERROR mode");
    BOOST_TEST(refusal("GET", ns + "/watch?limit=1") == "400 VALIDATION_ERROR limit");
    BOOST_TEST(refusal("GET", ns + "/end-users/nobody/watch") == "404 END_USER_NOT_FOUND");
    BOOST_TEST(send_as("GET", ns + "/watch").status == 401U);
    BOOST_TEST(send("POST", ns + "/watch", "{}").status == 405U);
}

BOOST_AUTO_TEST_CASE(all_four_forms_of_a_namespace_are_streamed) {
    send("POST", ns + "/integrations", R"({"integrationName":"kv-store","alias":"state"})");
    for (const auto& in : {ns, ns + "/end-users/u", ns + "/external/e", ns + "/integrations/state?endUserId=u"}) {
        SseReader reader(port(), target_of("prefix=k", in), bearer(key));
        BOOST_TEST(reader.next().event == "ok");
        const auto path =
            in.substr(0, in.find('?')) + "/kv/k" + (in.find('?') == std::string::npos ? "" : "?endUserId=u");
        send("PUT", path, "1", {{"Content-Type", "application/json"}});
        BOOST_TEST(told(reader.next_told().frame()) == "put k=1", in);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// What `alcove watch` makes of frames: the lines, and from where it goes on.
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

#include "server/cli/watch_reader.hpp"
#include "tests/server/cli_fixture.hpp"

using namespace alcove::cli;
using alcove::test::CliHome;
using alcove::test::text_of;
using alcove::test::write_text;

namespace {

// An event of the key with that version.
std::string put(const std::string& key, int version, const std::string& value = "1") {
    return R"({"op":"put","key":")" + key + R"(","version":")" + std::to_string(version) +
           R"(","contentType":"application/json","created":true,"value":)" + value + "}";
}

std::string events(const std::string& list, bool more = false) {
    return R"({"t":"events","id":1,"cursor":null,"more":)" + std::string(more ? "true" : "false") +
           R"(,"events":[)" + list + "]}";
}

class Frames : public CliHome {
public:
    void begin(std::optional<std::uint64_t> count = {}, Output output = Output::ids) {
        lines.clear();
        place.emplace(file.string());
        reader.emplace(*place, WatchLines(output, WatchLines::Target::program), count,
                       [this](std::string_view text) {
                           if (!takes_lines) return false;
                           lines += text;
                           return true;
                       });
        reader->begin(WatchReader::Begin::events);
    }
    void take(const std::string& type, const std::string& data, const std::string& id = "") {
        reader->take({.type = type, .data = data, .id = id});
    }
    // What the file says once all is saved.
    std::string saved() {
        place->save();
        return text_of(file);
    }

    std::filesystem::path file = folder / "cursor";
    std::optional<WatchPlace> place;
    std::optional<WatchReader> reader;
    std::string lines;
    bool takes_lines = true;
};

// The line of one event.
std::string line(Output output, const std::string& event, WatchLines::Target target = WatchLines::Target::program) {
    return WatchLines(output, target).event(event);
}

int status_of_end(Frames& frames, const std::string& type, const std::string& data) {
    try {
        frames.take(type, data);
    } catch (const Failure& failure) {
        return failure.status();
    }
    return 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(command_line_watch_reader)

BOOST_AUTO_TEST_CASE(a_line_for_a_person_has_op_key_version_and_value) {
    BOOST_TEST(line(Output::table, put("a/1", 7, R"({"n":1})")) == "put       a/1  7  {\"n\":1}\n");
    BOOST_TEST(line(Output::table, put("a", 7, R"("te\nxt")")) == "put       a  7  te\\x0axt\n");
    BOOST_TEST(line(Output::table, R"({"op":"expire","key":"\u001b[0m","version":"8"})") ==
               "expire    \\x1b[0m  8\n");
    BOOST_TEST(
        line(Output::table, R"({"op":"delete","key":"a","version":"8","previous":{"version":"7","value":[1]}})") ==
        "delete    a  8  was [1]\n");
    BOOST_TEST(line(Output::ids, put("a/1", 7)) == "a/1\n");
}

BOOST_AUTO_TEST_CASE(a_long_value_is_shortened_between_two_characters) {
    const std::string some(119, 'x');
    BOOST_TEST(line(Output::table, put("a", 7, "\"" + some + "y\"")) == "put       a  7  " + some + "y\n");
    BOOST_TEST(line(Output::table, put("a", 7, "\"" + some + "ü\"")) == "put       a  7  " + some + "…\n");
}

BOOST_AUTO_TEST_CASE(json_stays_as_it_is_on_one_line) {
    const std::string twice = put("a", 7, R"({"n":1,"n":2,"x":"]}\"{"})");
    BOOST_TEST(line(Output::json, twice) == twice + "\n");
    BOOST_TEST(line(Output::json, put("a", 7, "[1,\r\n2]")) == put("a", 7, "[1,  2]") + "\n");
    BOOST_TEST(line(Output::json, put("a", 7, "\"\u009b\""), WatchLines::Target::terminal) ==
               put("a", 7, "\"\\u009b\"") + "\n");
    BOOST_TEST(WatchLines(Output::json, WatchLines::Target::program).snapshot_item(R"({"key":"a"})") ==
               "{\"op\":\"snapshot\",\"key\":\"a\"}\n");
}

BOOST_FIXTURE_TEST_CASE(a_value_that_has_a_member_twice_is_told, Frames) {
    begin({}, Output::table);
    take("events", events(put("a", 7, R"({"n":1,"n":2})") + "," + put("b", 7)), "C7");
    BOOST_TEST(lines == "put       a  7  {\"n\":1,\"n\":2}\nput       b  7  1\n");
}

BOOST_FIXTURE_TEST_CASE(every_frame_with_an_id_says_from_where_to_go_on, Frames) {
    begin();
    take("ok", "{}", "C1");
    BOOST_TEST(saved() == "{\"cursor\":\"C1\"}\n");
    take("events", events(put("a", 7)), "C7");
    BOOST_TEST(saved() == "{\"cursor\":\"C7\"}\n");
    take("progress", "{}", "C9");
    take("what is new", "{}", "C9");
    BOOST_TEST(saved() == "{\"cursor\":\"C9\"}\n");
    begin();
    BOOST_TEST(place->cursor() == "C9");
}

BOOST_FIXTURE_TEST_CASE(a_snapshot_counts_when_it_is_whole, Frames) {
    begin({}, Output::table);
    reader->begin(WatchReader::Begin::snapshot);
    take("ok", "{}", "C1");
    take("snapshot", R"({"items":[{"key":"a","version":"3","value":1}, {"key":"b","version":"2","value":2}]})");
    take("events", events(put("a", 7)));
    BOOST_TEST(place->cursor() == "");
    take("synced", "{}", "C7");
    BOOST_TEST(place->cursor() == "C7");
    BOOST_TEST(lines == "snapshot  a  3  1\nsnapshot  b  2  2\nput       a  7  1\n");
}

BOOST_FIXTURE_TEST_CASE(a_count_that_is_reached_inside_a_frame_loses_and_repeats_nothing, Frames) {
    const std::string frame = events(put("a", 7) + "," + put("b", 8) + "," + put("c", 8) + "," + put("d", 9));
    std::string all;
    for (int i = 0; i < 3; ++i) {
        begin(1);
        take("ok", "{}", "C6");
        take("events", frame, "C9");
        BOOST_TEST(reader->is_enough());
        place->save();
        all += lines + "-";
    }
    BOOST_TEST(all == "a\n-b\nc\n-d\n-");
    BOOST_TEST(saved() == "{\"cursor\":\"C9\"}\n");
}

BOOST_FIXTURE_TEST_CASE(a_count_without_a_file_is_exact, Frames) {
    file.clear();
    begin(2);
    take("events", events(put("a", 7) + "," + put("b", 7) + "," + put("c", 7)), "C7");
    take("events", events(put("d", 8)), "C8");
    BOOST_TEST(reader->is_enough());
    BOOST_TEST(lines == "a\nb\n");
}

BOOST_FIXTURE_TEST_CASE(a_version_that_is_cut_is_told_to_its_end_before_it_counts, Frames) {
    write_text(file, "{\"cursor\":\"C6\"}\n");
    begin(1);
    take("events", events(put("a", 7), true), "C6");
    BOOST_TEST(!reader->is_over());
    BOOST_TEST(saved() == "{\"cursor\":\"C6\"}\n");
    take("events", events(put("b", 7) + "," + put("c", 8)), "C8");
    BOOST_TEST(reader->is_enough());
    BOOST_TEST(lines == "a\nb\n");
    BOOST_TEST(saved() == "{\"cursor\":\"C6\",\"version\":\"7\"}\n");
}

BOOST_FIXTURE_TEST_CASE(nothing_counts_from_lines_on_that_nobody_takes, Frames) {
    begin();
    take("events", events(put("a", 7)), "C7");
    takes_lines = false;
    take("events", events(put("b", 8)), "C8");
    takes_lines = true;
    take("progress", "{}", "C9");
    BOOST_TEST(reader->is_over());
    BOOST_TEST(!reader->is_enough());
    BOOST_TEST(saved() == "{\"cursor\":\"C7\"}\n");
}

BOOST_FIXTURE_TEST_CASE(a_reset_forgets_the_place_but_not_the_file, Frames) {
    for (const char* why : {"compacted", "epoch", "emptied", "what is new"}) {
        begin();
        take("events", events(put("a", 7)), "C7");
        take("reset", R"({"why":")" + std::string(why) + R"(","oldest":"C9"})", "C7");
        BOOST_TEST(reader->is_over());
        BOOST_TEST(!reader->is_enough());
        BOOST_TEST(!reader->reset().empty());
        BOOST_TEST(place->cursor() == "");
        BOOST_TEST(saved() == "{\"cursor\":\"C7\"}\n");
    }
}

BOOST_FIXTURE_TEST_CASE(an_end_has_the_exit_status_that_fits, Frames) {
    begin();
    BOOST_TEST(status_of_end(*this, "end", R"({"why":"auth"})") == exit_refused);
    BOOST_TEST(status_of_end(*this, "end", R"({"why":"namespace_deleted"})") == exit_not_found);
    BOOST_TEST(status_of_end(*this, "end", R"({"why":"unwatch"})") == exit_failure);
    BOOST_TEST(status_of_end(*this, "error", R"({"code":"X","message":"no"})") == exit_failure);
    BOOST_TEST(status_of_end(*this, "events", "{\"events\":[") == exit_failure);
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_none_of_a_watch_is_refused, Frames) {
    for (const char* wrong : {"{", "[]", "{}", "{\"cursor\":\"\"}", "{\"cursor\":\"C\",\"version\":\"x\"}"}) {
        write_text(file, wrong);
        BOOST_CHECK_THROW(WatchPlace(file.string()), Failure);
    }
    write_text(file, "");
    BOOST_TEST(WatchPlace(file.string()).cursor() == "");
}

BOOST_AUTO_TEST_SUITE_END()

// How connections of watches end: by the server's stop, by what RFC 6455 forbids, by peers that take nothing.
#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/server/http_harness.hpp"
#include "tests/server/watch_tuned_fixture.hpp"

namespace alcove::test {
namespace {

struct CloseFixture : TunedFixture {
    // An upgraded connection whose bytes the test chooses.
    http::test::Client raw() {
        http::test::Client client(port());
        const auto answer =
            client.ask("GET " + watch_path + " HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n" +
                       "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer " + key + "\r\n\r\n");
        if (answer.status != 101) throw std::runtime_error("no upgrade: " + answer.head);
        return client;
    }
    // The code of the close frame that ends what the server sends.
    static unsigned close_code(http::test::Client& client) {
        const auto rest = client.receive_rest();
        const auto at = rest.rfind('\x88');
        if (at == std::string::npos || rest.size() < at + 4) return 1006;
        return static_cast<unsigned char>(rest[at + 2]) * 256U + static_cast<unsigned char>(rest[at + 3]);
    }
    unsigned answered_with(const std::string& bytes) {
        auto client = raw();
        client.send(bytes);
        return close_code(client);
    }
    // A masked frame, its mask all zero.
    static std::string frame(char first, const std::string& payload) {
        return std::string(1, first) + static_cast<char>(0x80 | payload.size()) + std::string(4, '\0') + payload;
    }
};

BOOST_FIXTURE_TEST_SUITE(watch_close, CloseFixture)

BOOST_AUTO_TEST_CASE(a_server_that_stops_says_so) {
    auto many = connect();
    auto single = watch();
    SseReader reader(port(), target_of(""), bearer(key));
    BOOST_TEST(reader.next().event == "ok");
    put("a", "1");
    BOOST_TEST(told(single.events(1)) == "put a=1");
    std::thread stopping([this] { close(); });
    BOOST_TEST(many.close_code() == 1001U);
    BOOST_TEST(single.close_code() == 1001U);
    BOOST_TEST(reader.next_told().event == "events");
    BOOST_TEST(reader.ends());
    stopping.join();
    open();
    const auto last = put("b", "2");
    BOOST_TEST(told(watch("from=" + single.cursor()).events_until(last)) == "put b=2");
}

BOOST_AUTO_TEST_CASE(a_close_is_answered) {
    auto client = connect();
    client.close();
    BOOST_TEST(client.close_code() != 0U);
    auto polite = raw();
    polite.send(frame('\x88', "\x03\xe8"));
    BOOST_TEST(close_code(polite) == 1000U);
}

BOOST_AUTO_TEST_CASE(a_binary_message_is_1003) {
    auto client = connect();
    client.send_binary(R"({"t":"ping"})");
    BOOST_TEST(client.close_code() == 1003U);
}

BOOST_AUTO_TEST_CASE(text_that_is_no_utf_8_is_1007) {
    for (const auto* bytes : {"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xe2\x82\""}) {
        auto client = connect();
        client.send(bytes);
        BOOST_TEST(client.close_code() == 1007U);
    }
}

BOOST_AUTO_TEST_CASE(a_message_of_more_than_64_kib_is_1009) {
    auto client = connect();
    const std::string frame = R"({"t":"ping"})";
    client.send(frame + std::string((64 << 10) - frame.size(), ' '));
    BOOST_TEST(client.receive_text() == R"({"t":"pong"})");
    client.send(frame + std::string((64 << 10) + 1 - frame.size(), ' '));
    BOOST_TEST(client.close_code() == 1009U);
}

BOOST_AUTO_TEST_CASE(bad_framing_is_1002) {
    BOOST_TEST(answered_with(std::string("\x81\x02{}")) == 1002U);                // without a mask
    BOOST_TEST(answered_with(frame('\xc1', "{}")) == 1002U);                      // a reserved bit
    BOOST_TEST(answered_with(frame('\x83', "{}")) == 1002U);                      // a reserved opcode
    BOOST_TEST(answered_with(frame('\x80', "{}")) == 1002U);                      // a continuation of nothing
    BOOST_TEST(answered_with(frame('\x09', "")) == 1002U);                        // a control frame in pieces
    BOOST_TEST(answered_with(frame('\x88', "\x03\xed")) == 1002U);                // 1005 on the wire
    BOOST_TEST(answered_with(frame('\x01', "{") + frame('\x81', "}")) == 1002U);  // text inside text
}

BOOST_AUTO_TEST_CASE(a_message_in_pieces_with_a_ping_between_is_one_message) {
    auto client = raw();
    client.send(frame('\x01', R"({"t":)") + frame('\x89', "p") + frame('\x00', R"("pi)") +
                frame('\x80', R"(ng"})") + frame('\x88', "\x03\xe8"));
    const auto rest = client.receive_rest();
    BOOST_TEST(rest.find(std::string("\x8a\x01p")) != std::string::npos);
    BOOST_TEST(rest.find(R"({"t":"pong"})") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(compression_is_not_negotiated) {
    auto headers = bearer(key);
    headers.emplace("Sec-WebSocket-Extensions", "permessage-deflate");
    WatchClient client(port(), watch_path, headers);
    need(client, "hello");
}

BOOST_AUTO_TEST_CASE(an_upgrade_that_is_none_is_refused) {
    const auto ask = [this](const std::string& headers) {
        http::test::Client client(port());
        return client
            .ask("GET " + watch_path + " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + key + "\r\n" + headers +
                 "\r\n")
            .status;
    };
    const std::string upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    const std::string nonce = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    BOOST_TEST(ask(upgrade + nonce + "Sec-WebSocket-Version: 13\r\n") == 101U);
    BOOST_TEST(ask("connection: keep-alive, upgrade\r\nupgrade: WebSocket\r\n" + nonce +
                   "Sec-WebSocket-Version: 13\r\n") == 101U);
    BOOST_TEST(ask(upgrade + nonce + "Sec-WebSocket-Version: 8\r\n") == 426U);
    BOOST_TEST(ask(upgrade + "Sec-WebSocket-Version: 13\r\n") == 400U);
    BOOST_TEST(ask(upgrade + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n") == 400U);
}

BOOST_AUTO_TEST_CASE(who_takes_nothing_is_closed_and_can_go_on_from_its_cursor) {
    reopen([this] {
        options.history_bytes = std::uint64_t{1} << 30;
        server_options.write_timeout = 500ms;
    });
    auto slow = watch();
    const auto cursor = slow.cursor();
    std::vector<std::string> all;
    for (int i = 100; i < 200; ++i)
        all.push_back(put_op("k" + std::to_string(i), quoted(std::string(100'000, 'v'))));
    std::uint64_t last = 0;
    for (int i = 0; i < 5; ++i)
        last = transact(all);
    std::this_thread::sleep_for(2s);
    const auto code = slow.close_code();
    BOOST_TEST((code == 1013U || code == 1006U));
    BOOST_TEST(watch("from=" + cursor).events_until(last).size() == 500U);
}

BOOST_AUTO_TEST_CASE(who_answers_no_ping_is_closed) {
    reopen([this] { settings.watch_heartbeat = 200ms; });
    auto silent = raw();
    const auto began = std::chrono::steady_clock::now();
    const auto code = close_code(silent);
    BOOST_TEST((code == 1013U || code == 1006U));
    BOOST_TEST((std::chrono::steady_clock::now() - began < 9s));
    auto lively = watch();
    for (int i = 0; i < 10; ++i)
        BOOST_TEST(lively.receive(2s).type == "progress");
}

BOOST_AUTO_TEST_CASE(who_answers_pings_stays_with_the_shortest_heartbeat_too) {
    reopen([this] { settings.watch_heartbeat = 100ms; });
    auto client = watch();
    for (int i = 0; i < 5; ++i)
        BOOST_TEST(client.receive(2s).type == "progress");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

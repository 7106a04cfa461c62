// A snapshot, then what follows: at `synced` a client has exactly the state at its cursor.
#include <boost/test/unit_test.hpp>
#include <map>
#include <mutex>
#include <string>

#include "tests/server/watch_fixture.hpp"

namespace alcove::test {
namespace {

struct SnapshotFixture : WatchFixture {
    // Keys `k0000` and so on, with values of that size.
    void fill(int keys, std::size_t bytes) {
        std::vector<std::string> all;
        for (int i = 0; i < keys; ++i) {
            auto name = std::to_string(i);
            name.insert(0, 4 - name.size(), '0');
            all.push_back(put_op("k" + name, quoted(std::string(bytes, 'v'))));
            if (all.size() < 100 && i + 1 < keys) continue;
            transact(all);
            all.clear();
        }
    }
    // Every acknowledged change, as the writers saw it: version → key, and its value or nothing.
    struct Change {
        std::string name;
        std::string value;
        bool is_put;
    };
    void note(std::uint64_t version, Change change) {
        const std::lock_guard lock(mutex_);
        changes_.emplace(version, std::move(change));
    }
    // What there was at that version, going by what was there first and the changes since.
    Replica::Entries state_at(std::uint64_t version, Replica::Entries entries) {
        for (const auto& [at, change] : changes_) {
            if (at > version) break;
            if (change.is_put) {
                entries[change.name] = {.version = at, .value = change.value};
            } else {
                entries.erase(change.name);
            }
        }
        return entries;
    }
    // Puts and deletes of keys between those of fill().
    bool write(HttpClient& http, int writer, int call) {
        const auto name =
            "k" + std::to_string(1000 + (writer * 733 + call * 37) % 2500) + (call % 2 == 0 ? "" : "x");
        if (call % 4 == 3) {
            const auto reply = http.send("POST", ns + "/transactions", operations({delete_op(name)}), bearer(key));
            if (reply.body.find("\"existed\":true") == std::string::npos) return true;
            note(std::stoull(member(reply.body, "version")), {.name = name, .value = "", .is_put = false});
        } else {
            const auto value = quoted(std::to_string(writer * 100'000 + call));
            const auto reply =
                http.send("POST", ns + "/transactions", operations({put_op(name, value)}), bearer(key));
            note(std::stoull(member(reply.body, "version")), {.name = name, .value = value, .is_put = true});
        }
        return true;
    }

private:
    std::mutex mutex_;
    std::map<std::uint64_t, Change> changes_;
};

BOOST_FIXTURE_TEST_SUITE(watch_snapshot, SnapshotFixture)

BOOST_AUTO_TEST_CASE(a_snapshot_comes_in_byte_order_before_synced_and_events) {
    for (const auto* name : {"b", "a/2", "a", "B", "%C3%A9"})
        put(name, "1");
    auto client = begin("from=snapshot");
    BOOST_TEST(client.next().type == "ok");
    BOOST_TEST(told(client.next()) == "B=1, a=1, a/2=1, b=1, \xc3\xa9=1");
    BOOST_TEST(masked(client.next().text) == R"({"t":"synced","id":1,"cursor":"C"})");
    put("a", "2");
    BOOST_TEST(told(client.next()) == "put a=2");
}

BOOST_AUTO_TEST_CASE(an_item_has_version_type_and_value) {
    const auto version = std::to_string(put("a", "[1]"));
    auto client = watch("from=snapshot");
    BOOST_TEST(client.next().text == R"({"t":"snapshot","id":1,"items":[{"key":"a","version":")" + version +
                                         R"(","contentType":"application/json","value":[1]}]})");
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_nothing_is_synced_at_once) {
    put("b", "1");
    for (const auto& query : {"from=snapshot&prefix=a", "from=snapshot&prefix=c"}) {
        Replica replica;
        auto client = begin(query);
        while (!replica.synced())
            replica.apply(client.receive());
        BOOST_TEST(replica.entries().empty());
        BOOST_TEST(replica.problems() == "");
    }
    auto client = begin("from=snapshot", ns + "/external/never-written");
    Replica replica;
    while (!replica.synced())
        replica.apply(client.receive());
    BOOST_TEST(replica.entries().empty());
}

BOOST_AUTO_TEST_CASE(a_snapshot_holds_keys_with_the_prefix_alone) {
    for (const auto* name : {"a", "a/1", "a/2", "a0", "b"})
        put(name, "1");
    auto client = watch("from=snapshot&prefix=a/");
    BOOST_TEST(told(client.next()) == "a/1=1, a/2=1");
    BOOST_TEST(client.next().type == "synced");
}

BOOST_AUTO_TEST_CASE(expired_keys_are_in_no_snapshot) {
    put("a", "1", "?ttl=1");
    put("b", "1");
    clock.advance(1000);
    Replica replica;
    auto client = begin("from=snapshot");
    while (!replica.synced())
        replica.apply(client.receive());
    BOOST_TEST(replica.entries().size() == 1U);
    BOOST_TEST(replica.entries().contains("b"));
}

BOOST_AUTO_TEST_CASE(pages_are_bounded) {
    fill(3000, 1000);
    auto client = watch("from=snapshot");
    int pages = 0;
    for (auto frame = client.next(); frame.type == "snapshot"; frame = client.next()) {
        ++pages;
        BOOST_TEST(frame.text.size() < (std::size_t{1} << 20) + (std::size_t{256} << 10));
    }
    BOOST_TEST(pages >= 3);
}

BOOST_AUTO_TEST_CASE(a_snapshot_of_large_values_comes_whole) {
    for (int i = 0; i < 5; ++i)
        put("k" + std::to_string(i), quoted(std::string((1 << 20) - 2, 'v')));
    Replica replica;
    auto client = begin("from=snapshot");
    while (!replica.synced())
        replica.apply(client.receive());
    BOOST_TEST((replica.entries() == entries()));
    BOOST_TEST(replica.problems() == "");
}

BOOST_AUTO_TEST_CASE(a_snapshot_and_what_follows_have_no_gap_while_four_write) {
    fill(3000, 1000);
    const auto before = entries();
    Replica::Entries at_synced;
    std::uint64_t synced_at = 0;
    Replica replica;
    auto client = begin("from=snapshot");
    {
        Writers writers(port(), 4, [this](auto& http, int writer, int call) { return write(http, writer, call); });
        while (!replica.synced()) {
            replica.apply(client.receive());
            std::this_thread::sleep_for(5ms);  // so that much is written between the pages
        }
        at_synced = replica.entries();
        synced_at = replica.version();
        std::this_thread::sleep_for(200ms);
    }
    BOOST_TEST((at_synced == state_at(synced_at, before)));
    follow(client, replica, put("last", "1"));
    BOOST_TEST((replica.entries() == entries()));
    BOOST_TEST(replica.problems() == "");
    BOOST_TEST(replica.events().size() > 50U);
}

BOOST_AUTO_TEST_CASE(ten_snapshots_at_once_agree_with_the_store) {
    fill(1000, 1000);
    std::vector<WatchClient> clients;
    std::vector<std::unique_ptr<Replica>> replicas;
    for (int i = 0; i < 10; ++i) {
        const std::string prefix = i % 2 == 0 ? "" : "k00";
        clients.push_back(begin("from=snapshot&prefix=" + prefix));
        replicas.push_back(std::make_unique<Replica>(Replica::From::snapshot, prefix));
    }
    {
        Writers writers(port(), 2, [this](auto& http, int writer, int call) {
            return write(http, writer, call) && call < 100;
        });
        writers.join();
    }
    const auto last = put("k00last", "1");
    for (std::size_t i = 0; i < clients.size(); ++i) {
        follow(clients[i], *replicas[i], last);
        BOOST_TEST(replicas[i]->problems() == "");
        BOOST_TEST((replicas[i]->entries() == entries(i % 2 == 0 ? "" : "k00")));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

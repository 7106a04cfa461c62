// What a station keeps of recent history, and whom it tells.
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>
#include <vector>

#include "kv/watch/station.hpp"
#include "tests/support/store_fixture.hpp"

namespace alcove::test {
namespace {

// Walks its feed whenever there is news.
class Listener final : public kv::Follower, public kv::Runnable {
public:
    Listener(kv::Station& station, const kv::NamespaceName& name)
        : station_(station), feed_(station.follow(name, *this)), position_(feed_->last()) {}

    bool reaches_back_to(kv::Version version) const { return feed_->reaches_back_to(version); }
    kv::Version position() const { return position_; }

    std::string heard;  // "a b", and "-" for a gap
    int turns = 0;

private:
    void news() override { station_.make_ready(*this); }

    void run() override {
        ++turns;
        if (!feed_->reaches_back_to(position_)) {
            heard += "-";
            position_ = feed_->last();
        }
        while (const auto* publication = feed_->next(position_)) {
            for (const kv::Change& change : (*publication)->changes())
                heard += (change.kind == kv::Change::Kind::drop ? "drop" : change.key) + " ";
            position_ = (*publication)->version();
        }
    }

    kv::Station& station_;
    kv::Station::Use feed_;
    kv::Version position_;
};

class StationFixture : public StoreFixture {
public:
    void settle() {
        context.restart();
        context.poll();
    }

    boost::asio::io_context context;
    kv::Station station{store(), context.get_executor()};
};

BOOST_FIXTURE_TEST_SUITE(stations, StationFixture)

BOOST_AUTO_TEST_CASE(followers_hear_of_every_commit_once_and_in_order) {
    Listener first(station, name);
    Listener second(station, name);
    commit({put("a", "1")});
    commit({put("b", "2"), put("c", "3")});
    settle();
    commit({put("d", "4")});
    settle();
    BOOST_TEST(first.heard == "a b c d ");
    BOOST_TEST(second.heard == "a b c d ");
    BOOST_TEST(first.turns == 2);  // what comes together is one turn
}

BOOST_AUTO_TEST_CASE(a_feed_reaches_back_to_when_it_was_first_followed) {
    commit({put("a", "1")});
    const auto before = usage().version;
    commit({put("b", "2")});
    const Listener listener(station, name);
    BOOST_TEST(!listener.reaches_back_to(before));
    BOOST_TEST(listener.reaches_back_to(usage().version));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_a_gap_and_what_comes_behind_it_is_told) {
    Listener listener(station, name);
    const std::string large(std::size_t{1} << 20, 'x');
    for (int i = 0; i < 12; ++i)
        commit({put("large", large)});
    settle();
    BOOST_TEST(listener.heard == "-");
    commit({put("b", "2")});
    settle();
    BOOST_TEST(listener.heard == "-b ");
}

BOOST_AUTO_TEST_CASE(what_is_kept_is_bounded) {
    Listener listener(station, name);
    const auto before = listener.position();
    const std::string large(std::size_t{1} << 20, 'x');
    for (int i = 0; i < 12; ++i) {
        commit({put("large", large)});
        settle();
    }
    BOOST_TEST(!listener.reaches_back_to(before));
    BOOST_TEST(listener.heard == "large large large large large large large large large large large large ");
}

BOOST_AUTO_TEST_CASE(refresh_takes_what_was_answered_before) {
    const Listener listener(station, name);
    const auto version = commit({put("a", "1")})->version;
    BOOST_TEST(station.refresh() >= version);
    BOOST_TEST(listener.heard.empty());  // its turn comes later
    settle();
    BOOST_TEST(listener.heard == "a ");
}

BOOST_AUTO_TEST_CASE(followers_hear_that_the_owner_was_dropped) {
    Listener listener(station, name);
    commit({put("a", "1")});
    run(store().drop_owner({.workspace = name.workspace, .subject = {}})).value();
    settle();
    BOOST_TEST(listener.heard == "a drop ");
}

BOOST_AUTO_TEST_CASE(a_follower_may_go_with_its_news_still_on_the_way) {
    auto listener = std::make_unique<Listener>(station, name);
    commit({put("a", "1")});
    listener.reset();
    settle();
    Listener next(station, name);
    commit({put("b", "2")});
    settle();
    BOOST_TEST(next.heard == "b ");
}

BOOST_AUTO_TEST_CASE(stirring_gives_every_follower_a_turn) {
    Listener listener(station, name);
    station.stir();
    settle();
    BOOST_TEST(listener.turns == 1);
}

BOOST_AUTO_TEST_CASE(one_context_has_one_station) {
    kv::Stations stations(store());
    boost::asio::io_context other;
    BOOST_TEST(&stations.at(context.get_executor()) == &stations.at(context.get_executor()));
    BOOST_TEST(&stations.at(context.get_executor()) != &stations.at(other.get_executor()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

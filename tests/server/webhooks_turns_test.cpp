// Whose turn it is: groups by turns, each with so many at once.
#include <boost/test/unit_test.hpp>
#include <string>

#include "server/webhooks/turns.hpp"

namespace alcove::test {
namespace {

struct TurnsFixture {
    webhooks::Turns<std::string> turns{2};

    void push(const std::string& group, const std::string& items) {
        for (const char item : items)
            turns.push(group, std::string(1, item));
    }
    // All that may go now.
    std::string take() {
        std::string taken;
        while (const auto item = turns.take())
            taken += *item;
        return taken;
    }
};

BOOST_FIXTURE_TEST_SUITE(webhooks_turns, TurnsFixture)

BOOST_AUTO_TEST_CASE(groups_go_by_turns_and_first_come_first_within) {
    push("a", "123");
    push("b", "4");
    push("c", "56");
    BOOST_TEST(take() == "14526");
    BOOST_TEST(turns.waiting() == 1U);
    turns.give_back("b");
    BOOST_TEST(take() == "");
    turns.give_back("a");
    BOOST_TEST(take() == "3");
    BOOST_TEST(turns.waiting() == 0U);
}

BOOST_AUTO_TEST_CASE(a_group_that_holds_all_its_turns_holds_up_no_other) {
    push("slow", "123456");
    BOOST_TEST(take() == "12");
    push("other", "7");
    BOOST_TEST(take() == "7");
    BOOST_TEST(turns.waits("slow"));
    BOOST_TEST(!turns.waits("other"));
    turns.give_back("slow");
    push("other", "8");
    BOOST_TEST(take() == "38");
}

BOOST_AUTO_TEST_CASE(a_group_that_was_empty_begins_anew) {
    for (int i = 0; i < 3; ++i) {
        push("a", "123");
        BOOST_TEST(take() == "12");
        turns.give_back("a");
        turns.give_back("a");
        BOOST_TEST(take() == "3");
        turns.give_back("a");
    }
}

BOOST_AUTO_TEST_CASE(at_the_end_all_that_waits_is_taken) {
    push("a", "123");
    push("b", "4");
    BOOST_TEST(turns.take().value() == "1");
    BOOST_TEST(turns.take_all().size() == 3U);
    BOOST_TEST(turns.waiting() == 0U);
    BOOST_TEST(take() == "");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Listing the namespaces of a workspace: order, pages, filters, and what is not shown.
#include <boost/test/unit_test.hpp>

#include "tests/support/store_fixture.hpp"

using namespace alcove;
using namespace alcove::test;

namespace {

class NamespacesFixture : public StoreFixture {
public:
    void write(const kv::NamespaceName& where, std::string_view value = "1") {
        run(store().commit(where, commit_of({put("a", value)})));
    }

    // The subjects in order ('w' for the workspace's own, 'u' for an end user), page by page.
    std::string listed(const kv::NamespaceFilter& filter = {}, std::size_t entries_max = 100) {
        std::string text;
        kv::NamespacesRequest request{.entries_max = entries_max, .after = {}};
        do {
            const auto page = run(store().namespaces(uuid(1), filter, request));
            if (!page) return outcome(page);
            for (const kv::NamespaceInfo& info : page->items) {
                text += info.name.scope == kv::Scope::workspace  ? "w"
                        : info.name.scope == kv::Scope::external ? info.name.subject.substr(0, 10)
                                                                 : "u" + std::to_string(info.name.subject.back());
                text += " ";
            }
            if (page->items.empty()) BOOST_TEST(page->next.empty());
            request.after = page->next;
        } while (!request.after.empty());
        return text;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(namespaces, NamespacesFixture)

BOOST_AUTO_TEST_CASE(namespaces_come_by_scope_and_subject_in_pages_of_any_size) {
    for (const char* subject : {"b", "a/1", "a", "ab"})
        write(external_namespace(subject));
    write(end_user_namespace(2));
    write(end_user_namespace(1));
    write(workspace_namespace());
    write(external_namespace("other", 2));
    write(kv::system_namespace());

    const std::string all = "w u1 u2 a a/1 ab b ";
    for (const std::size_t size : {1, 2, 3, 7, 100})
        BOOST_TEST(listed({}, size) == all);
    store().apply_now();
    BOOST_TEST(listed({}, 2) == all);
    reopen();
    BOOST_TEST(listed({}, 2) == all);
}

BOOST_AUTO_TEST_CASE(filters_hold_together) {
    for (const char* subject : {"b", "a/1", "a", "ab"})
        write(external_namespace(subject));
    write(end_user_namespace(1));
    write(workspace_namespace());

    BOOST_TEST(listed({.scope = kv::Scope::workspace}) == "w ");
    BOOST_TEST(listed({.scope = kv::Scope::end_user}) == "u1 ");
    BOOST_TEST(listed({.scope = kv::Scope::external, .subject_prefix = "a"}, 2) == "a a/1 ab ");
    BOOST_TEST(listed({.scope = kv::Scope::external, .subject_prefix = "a/"}) == "a/1 ");
    BOOST_TEST(listed({.scope = kv::Scope::external, .subject_prefix = "c"}) == "");
    BOOST_TEST(listed({.scope = kv::Scope::workspace, .subject_prefix = "a"}) == "");
}

// Such subjects differ in their keys by a digest alone.
BOOST_AUTO_TEST_CASE(subjects_longer_than_a_key_are_listed_once_each) {
    const std::string base(600, 'x');
    std::vector<std::string> subjects;
    for (int i = 0; i < 20; ++i) {
        subjects.push_back(base + std::to_string(i));
        write(external_namespace(subjects.back()));
    }
    write(external_namespace(std::string(448, 'x')));
    write(external_namespace(std::string(600, 'y')));

    const auto collect = [&](const std::string& prefix, std::size_t size) {
        std::vector<std::string> seen;
        kv::NamespacesRequest request{.entries_max = size, .after = {}};
        do {
            const auto page =
                run(store().namespaces(uuid(1), {.scope = kv::Scope::external, .subject_prefix = prefix}, request));
            for (const auto& info : page->items)
                seen.push_back(info.name.subject);
            request.after = page->next;
        } while (!request.after.empty());
        return seen;
    };
    for (const std::size_t size : {1, 3, 100}) {
        auto seen = collect(base, size);
        std::sort(seen.begin(), seen.end());
        std::sort(subjects.begin(), subjects.end());
        BOOST_TEST(seen == subjects, boost::test_tools::per_element());
        BOOST_TEST(collect(base + "7", size).size() == 1u);
        BOOST_TEST(collect("x", size).size() == 21u);
    }
    BOOST_TEST(collect(std::string(kv::limits::subject_bytes_max + 1, 'x'), 10).empty());
}

BOOST_AUTO_TEST_CASE(an_item_has_usage_and_quota) {
    write(external_namespace("x"), "123");
    run(store().set_quota(external_namespace("x"), {.keys = 5}));
    run(store().set_quota(external_namespace("y"), {.bytes = 0}));

    const auto page = run(store().namespaces(uuid(1), {}, {}));
    BOOST_REQUIRE(page->items.size() == 2u);
    BOOST_TEST(page->items[0].usage.bytes == 4u);
    BOOST_TEST(page->items[0].usage.last_written_ms == clock.now_ms());
    BOOST_TEST((page->items[0].quota == kv::Quota{.keys = 5}));
    BOOST_TEST(page->items[1].usage.last_written_ms == 0);
    BOOST_TEST((page->items[1].quota == kv::Quota{.bytes = 0}));
    name = external_namespace("y");
    BOOST_TEST(usage().keys == 0u);
}

BOOST_AUTO_TEST_CASE(dropped_owners_are_not_shown) {
    for (const char* subject : {"a", "b", "c"})
        write(external_namespace(subject));
    run(store().drop_owner(
        {.workspace = uuid(1), .subject = kv::Owner::Subject{.scope = kv::Scope::external, .id = "b"}}));
    BOOST_TEST(listed({}, 1) == "a c ");
    run(store().drop_owner({.workspace = uuid(1), .subject = {}}));
    BOOST_TEST(listed() == "");
    reopen();
    BOOST_TEST(listed() == "");
}

BOOST_AUTO_TEST_CASE(a_position_holds_when_its_namespace_is_gone_and_nonsense_is_refused) {
    for (const char* subject : {"a", "b", "c"})
        write(external_namespace(subject));
    const auto first = run(store().namespaces(uuid(1), {}, {.entries_max = 2, .after = {}}));
    run(store().drop_owner(
        {.workspace = uuid(1), .subject = kv::Owner::Subject{.scope = kv::Scope::external, .id = "b"}}));
    const auto second = run(store().namespaces(uuid(1), {}, {.entries_max = 2, .after = first->next}));
    BOOST_TEST(second->items.size() == 1u);
    BOOST_TEST(second->items[0].name.subject == "c");

    for (const std::string& bad : {std::string("x"), std::string(1, '\0'), "\3" + std::string(481, 'x')})
        BOOST_TEST(outcome(run(store().namespaces(uuid(1), {}, {.entries_max = 2, .after = bad}))) == "invalid");
}

BOOST_AUTO_TEST_SUITE_END()

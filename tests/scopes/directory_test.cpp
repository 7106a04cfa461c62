// Resolution: what is remembered is never older than the last answered change.
#include "scopes/directory.hpp"

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/scopes/identity_fixture.hpp"

namespace alcove::test {
namespace {

using scopes::ResolutionCache;
using scopes::Resolved;

Resolved some_name(std::uint8_t number) {
    return std::make_shared<const kv::NamespaceName>(workspace_namespace(number));
}

BOOST_AUTO_TEST_SUITE(directory)

BOOST_AUTO_TEST_CASE(cache_gives_back_what_was_put_in_until_it_is_invalidated) {
    ResolutionCache cache(1024);
    cache.insert(uuid(1), "u", some_name(1), cache.generation("record"));
    BOOST_TEST(cache.find(uuid(1), "u") != nullptr);
    BOOST_TEST(cache.find(uuid(2), "u") == nullptr);
    BOOST_TEST(cache.find(uuid(1), "v") == nullptr);
    cache.invalidate("another record");
    BOOST_TEST(cache.find(uuid(1), "u") != nullptr);
    cache.invalidate("record");
    BOOST_TEST(cache.find(uuid(1), "u") == nullptr);
}

BOOST_AUTO_TEST_CASE(what_was_read_before_an_invalidation_does_not_count_after_it) {
    ResolutionCache cache(1024);
    const auto before = cache.generation("record");
    cache.invalidate("record");
    cache.insert(uuid(1), "u", some_name(1), before);
    BOOST_TEST(cache.find(uuid(1), "u") == nullptr);
    cache.insert(uuid(1), "u", some_name(2), cache.generation("record"));
    BOOST_TEST((cache.find(uuid(1), "u")->workspace == uuid(2)));
}

BOOST_AUTO_TEST_CASE(cache_stays_within_its_size) {
    ResolutionCache cache(256);
    for (int i = 0; i < 10'000; ++i) {
        cache.insert(uuid(1), std::to_string(i), some_name(1), cache.generation(std::to_string(i)));
    }
    int found = 0;
    for (int i = 0; i < 10'000; ++i)
        found += cache.find(uuid(1), std::to_string(i)) ? 1 : 0;
    BOOST_TEST(found <= 256);
    BOOST_TEST(found > 200);
    BOOST_TEST(cache.find(uuid(1), "9999") != nullptr);
}

BOOST_FIXTURE_TEST_CASE(resolved_selectors_are_remembered, IdentityFixture) {
    const auto workspace = create_workspace("acme");
    create_end_user(workspace, "u");
    BOOST_TEST(identity().directory.cached_workspace("acme") == nullptr);
    BOOST_TEST(resolve("acme", "u").has_value());
    BOOST_TEST((*identity().directory.cached_workspace("acme") == *resolve("acme")));
    BOOST_TEST((*identity().directory.cached_end_user(workspace, "u") == *resolve("acme", "u")));
    BOOST_TEST(outcome(run(identity().directory.workspace("No Slug"))) == "workspace_not_found");
    BOOST_TEST(outcome(run(identity().directory.end_user(workspace, "\x01"))) == "end_user_not_found");
}

BOOST_FIXTURE_TEST_CASE(remembered_selector_is_forgotten_when_the_change_is_answered, IdentityFixture) {
    const auto workspace = create_workspace("acme");
    for (int i = 0; i < 50; ++i) {
        const auto id = create_end_user(workspace, "u");
        BOOST_TEST((resolve("acme", "u")->subject == scopes::uuid_bytes(id)));
        BOOST_REQUIRE(run(identity().deletion.delete_end_user(id)));
        BOOST_TEST((identity().directory.cached_end_user(workspace, "u") == nullptr));
        BOOST_TEST(!resolve("acme", "u").has_value());
    }
}

// Readers resolve without pause while the owner of the external id changes: after each answered change nobody may
// see an earlier owner.
BOOST_FIXTURE_TEST_CASE(racing_readers_never_make_a_stale_answer_stay, IdentityFixture) {
    const auto workspace = create_workspace("acme");
    std::atomic<bool> stop = false;
    std::atomic<int> answered = 0;  // rounds whose creation has been answered
    std::atomic<int> stale = 0;
    std::vector<std::atomic<std::uint64_t>> owners(201);  // the low half of the UUID of each round's owner
    const auto low_half = [](const std::string& subject) {
        std::uint64_t low = 0;
        std::memcpy(&low, subject.data() + 8, sizeof low);
        return low;
    };
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
        readers.emplace_back([this, &stop, &answered, &stale, &owners, &low_half, &workspace, i] {
            auto& context = threads[static_cast<std::size_t>(i)];
            while (!stop) {
                const int round = answered;
                auto resolved = identity().directory.cached_end_user(workspace, "u");
                if (!resolved) {
                    auto loaded = context.run(identity().directory.end_user(workspace, "u"));
                    if (loaded) resolved = *loaded;
                }
                if (!resolved) continue;
                const auto low = low_half(resolved->subject);
                for (int earlier = 1; earlier < round; ++earlier)
                    stale += owners[static_cast<std::size_t>(earlier)] == low ? 1 : 0;
            }
        });
    }
    for (int round = 1; round <= 200; ++round) {
        const auto id = create_end_user(workspace, "u");
        owners[static_cast<std::size_t>(round)] = low_half(scopes::uuid_bytes(id));
        answered = round;
        BOOST_REQUIRE(run(identity().deletion.delete_end_user(id)));
    }
    stop = true;
    for (auto& reader : readers)
        reader.join();
    BOOST_TEST(stale == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// The root key and the principals behind tokens.
#include <boost/test/unit_test.hpp>
#include <optional>
#include <string>

#include "tests/scopes/identity_fixture.hpp"

namespace alcove::test {
namespace {

struct TokensFixture : IdentityFixture {
    std::optional<std::string> ensure(std::optional<std::string> wanted) {
        return run(identity().tokens.ensure_root_key(std::move(wanted))).value();
    }
    bool is_admin(std::string_view token) {
        const auto principal = run(identity().tokens.find(token)).value();
        return principal && principal->may(scopes::Permission::kv_write) && !principal->workspaces;
    }
};

BOOST_FIXTURE_TEST_SUITE(tokens, TokensFixture)

BOOST_AUTO_TEST_CASE(first_start_makes_a_key_and_shows_it_once) {
    const auto key = ensure({});
    BOOST_REQUIRE(key.has_value());
    BOOST_TEST(key->starts_with("alc_"));
    BOOST_TEST(is_admin(*key));
    BOOST_TEST(!ensure({}).has_value());
    reopen();
    BOOST_TEST(!ensure("").has_value());
    BOOST_TEST(is_admin(*key));
    BOOST_TEST(!is_admin(*key + "x"));
    BOOST_TEST(!is_admin(""));
    BOOST_TEST(!is_admin(std::string(1000, 'a')));
}

BOOST_AUTO_TEST_CASE(key_of_the_environment_replaces_the_former_at_every_start) {
    const auto made = ensure({}).value();
    BOOST_TEST(!ensure("alc_first").has_value());
    BOOST_TEST(is_admin("alc_first"));
    BOOST_TEST(!is_admin(made));
    const auto generation = identity().tokens.generation();
    BOOST_TEST(!ensure("alc_first").has_value());
    BOOST_TEST(identity().tokens.generation() == generation);
    BOOST_TEST(!ensure("alc_second").has_value());
    BOOST_TEST(identity().tokens.generation() > generation);
    BOOST_TEST(is_admin("alc_second"));
    BOOST_TEST(!is_admin("alc_first"));
    BOOST_TEST(!ensure({}).has_value());
    BOOST_TEST(is_admin("alc_second"));
}

BOOST_AUTO_TEST_CASE(secret_itself_is_stored_nowhere) {
    const auto key = ensure({}).value();
    kv::PageRequest request;
    request.values = kv::Values::include;
    const auto page = run(store().list(kv::system_namespace(), {}, request)).value();
    for (const auto& item : page.items) {
        BOOST_TEST(item.key.find(key.substr(4)) == std::string::npos);
        BOOST_TEST(item.entry.value.find(key.substr(4)) == std::string::npos);
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Sealed secrets open with their key and for their owner alone.
#include "scopes/vault.hpp"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

namespace alcove::test {
namespace {

using scopes::MasterKeys;
using scopes::Vault;

BOOST_AUTO_TEST_SUITE(vault)

BOOST_AUTO_TEST_CASE(what_was_sealed_opens_for_its_owner_alone) {
    const Vault vault({.current = scopes::make_master_key()});
    const auto sealed = vault.seal("{\"password\":\"x\"}", "owner");
    BOOST_TEST(sealed.find("password") == std::string::npos);
    BOOST_TEST(vault.open(sealed, "owner").value() == "{\"password\":\"x\"}");
    BOOST_TEST(!vault.open(sealed, "another").has_value());
    BOOST_TEST(vault.open(vault.seal("", ""), "").value() == "");
}

BOOST_AUTO_TEST_CASE(every_changed_character_is_noticed) {
    const Vault vault({.current = scopes::make_master_key()});
    const auto sealed = vault.seal("secret", "owner");
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] = changed[i] == '0' ? '1' : '0';
        BOOST_TEST(!vault.open(changed, "owner").has_value());
        BOOST_TEST(!vault.open(sealed.substr(0, i), "owner").has_value());
    }
}

BOOST_AUTO_TEST_CASE(no_two_sealings_are_alike) {
    const Vault vault({.current = scopes::make_master_key()});
    std::set<std::string> nonces;
    for (int i = 0; i < 1000; ++i)
        nonces.insert(vault.seal("secret", "owner").substr(9, 24));
    BOOST_TEST(nonces.size() == 1000);
}

BOOST_AUTO_TEST_CASE(a_former_key_still_opens_and_no_longer_seals) {
    const auto old_key = scopes::make_master_key();
    const auto new_key = scopes::make_master_key();
    const Vault before({.current = old_key});
    const Vault between({.current = new_key, .former = old_key});
    const Vault after({.current = new_key});
    const auto sealed = before.seal("secret", "owner");
    BOOST_TEST(between.open(sealed, "owner").value() == "secret");
    BOOST_TEST(!between.is_current(sealed));
    BOOST_TEST(!after.open(sealed, "owner").has_value());
    const auto again = between.seal("secret", "owner");
    BOOST_TEST(between.is_current(again));
    BOOST_TEST(after.open(again, "owner").value() == "secret");
    BOOST_TEST(!before.open(again, "owner").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// Signatures of Standard Webhooks, against values that others computed.
#include <boost/test/unit_test.hpp>

#include "server/api/values.hpp"
#include "server/webhooks/signature.hpp"

namespace alcove::webhooks {
namespace {

std::string outcome_of_parsing(const std::string& text) {
    const auto secret = WebhookSecret::parse(text);
    return secret ? secret->text() : "refused";
}

std::string secret_of(std::size_t bytes) {
    return "whsec_" + api::encode_base64(std::string(bytes, 'k'));
}

BOOST_AUTO_TEST_SUITE(webhooks_signature)

BOOST_AUTO_TEST_CASE(the_vector_of_the_reference_libraries_holds) {
    const auto secret = WebhookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    BOOST_TEST_REQUIRE(secret.has_value());
    BOOST_TEST(sign(*secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})") ==
               "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

BOOST_AUTO_TEST_CASE(bytes_are_signed_as_they_are) {
    const auto secret = WebhookSecret::parse("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    BOOST_TEST_REQUIRE(secret.has_value());
    BOOST_TEST(sign(*secret, "evt_1", 1700000000, "{\"a\":\"\xc3\xa9\"}") ==
               "v1,0fUzL+Bd1tE23bj710PXGSM0GbZRV1w3B7I9ABAa/JY=");
}

BOOST_AUTO_TEST_CASE(every_secret_signs_in_its_order) {
    const std::vector secrets = {WebhookSecret::make(), WebhookSecret::make()};
    BOOST_TEST(sign_with_all(secrets, "a", 1, "b") ==
               sign(secrets[0], "a", 1, "b") + " " + sign(secrets[1], "a", 1, "b"));
    BOOST_TEST(sign_with_all({}, "a", 1, "b") == "");
}

BOOST_AUTO_TEST_CASE(a_secret_that_is_made_is_32_new_bytes) {
    const auto secret = WebhookSecret::make();
    BOOST_TEST(secret.bytes().size() == 32U);
    BOOST_TEST((WebhookSecret::parse(secret.text()) == secret));
    BOOST_TEST((WebhookSecret::make() != secret));
}

BOOST_AUTO_TEST_CASE(secrets_have_24_to_64_bytes) {
    for (const std::size_t bytes : {24U, 25U, 32U, 63U, 64U})
        BOOST_TEST(outcome_of_parsing(secret_of(bytes)) == secret_of(bytes));
    for (const std::size_t bytes : {0U, 23U, 65U})
        BOOST_TEST(outcome_of_parsing(secret_of(bytes)) == "refused");
}

BOOST_AUTO_TEST_CASE(what_is_written_otherwise_is_no_secret) {
    const std::string base64 = api::encode_base64(std::string(32, '\xff'));
    BOOST_TEST(outcome_of_parsing("whsec_" + base64) == "whsec_" + base64);
    BOOST_TEST(outcome_of_parsing(base64) == "refused");
    BOOST_TEST(outcome_of_parsing("WHSEC_" + base64) == "refused");
    BOOST_TEST(outcome_of_parsing("whsec_" + base64.substr(0, base64.size() - 1)) == "refused");
    BOOST_TEST(outcome_of_parsing("whsec_" + base64 + "\n") == "refused");
    BOOST_TEST(outcome_of_parsing("whsec_ " + base64) == "refused");
    BOOST_TEST(outcome_of_parsing("whsec_" + api::encode_base64url(std::string(33, '\xff'))) == "refused");
    BOOST_TEST(outcome_of_parsing("") == "refused");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::webhooks

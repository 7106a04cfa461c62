// Names, ids and secrets: what is one and what is not.
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "scopes/names.hpp"
#include "scopes/principal.hpp"
#include "scopes/secret.hpp"
#include "scopes/text.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {
namespace {

std::string repeat(std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i)
        out += text;
    return out;
}

bool is_external_id(std::string_view text) {
    return ExternalId::parse(text).has_value();
}
bool is_slug(std::string_view text) {
    return Slug::parse(text).has_value();
}
bool is_email(std::string_view text) {
    return Email::parse(text).has_value();
}

BOOST_AUTO_TEST_SUITE(names)

BOOST_AUTO_TEST_CASE(external_id_is_1_to_255_code_points_of_any_width) {
    BOOST_TEST(!is_external_id(""));
    BOOST_TEST(is_external_id("u"));
    BOOST_TEST(is_external_id(repeat("a", 255)));
    BOOST_TEST(!is_external_id(repeat("a", 256)));
    BOOST_TEST(is_external_id(repeat("\xf0\x9f\x98\x80", 255)));
    BOOST_TEST(!is_external_id(repeat("\xf0\x9f\x98\x80", 256)));
    BOOST_TEST(is_external_id(" Odd/но ok?%2F "));
}

BOOST_AUTO_TEST_CASE(external_id_holds_no_control_character) {
    for (int c = 0; c < 0x20; ++c)
        BOOST_TEST(!is_external_id(std::string("a") + static_cast<char>(c)));
    BOOST_TEST(!is_external_id("a\x7f"));
    for (int c = 0x80; c < 0xa0; ++c)
        BOOST_TEST(!is_external_id(std::string("a\xc2") + static_cast<char>(c)));
    BOOST_TEST(is_external_id("a\xc2\xa0"));
}

BOOST_AUTO_TEST_CASE(external_id_is_valid_utf8) {
    for (const std::string bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                                  "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "a\xe2\x82"}) {
        BOOST_TEST(!is_external_id(bad));
    }
    BOOST_TEST(count_code_points("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80").value() == 4U);
}

BOOST_AUTO_TEST_CASE(external_id_is_compared_byte_by_byte) {
    BOOST_TEST((*ExternalId::parse("User") != *ExternalId::parse("user")));
    BOOST_TEST((*ExternalId::parse("\xc3\xa9") != *ExternalId::parse("e\xcc\x81")));
}

BOOST_AUTO_TEST_CASE(slug_is_lower_case_and_no_uuid) {
    BOOST_TEST(is_slug("a"));
    BOOST_TEST(is_slug("0-a"));
    BOOST_TEST(is_slug(repeat("a", 63)));
    BOOST_TEST(!is_slug(repeat("a", 64)));
    for (const std::string bad : {"", "-a", "A", "a_b", "a b", "a/b", "\xc3\xa9"})
        BOOST_TEST(!is_slug(bad));
    BOOST_TEST(!is_slug("01890a5d-ac96-774b-bcce-b302099a8057"));
    BOOST_TEST(is_slug("01890a5d-ac96-774b-bcce-b302099a805"));
    BOOST_TEST(is_slug("01890a5d-ac96-774b-bcce-b302099a805g"));
}

BOOST_AUTO_TEST_CASE(email_has_something_on_both_sides_of_one_at) {
    BOOST_TEST(is_email("a@b"));
    BOOST_TEST(is_email(repeat("a", 252) + "@b"));
    BOOST_TEST(!is_email(repeat("a", 253) + "@b"));
    for (const std::string bad : {"", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\n"})
        BOOST_TEST(!is_email(bad));
}

BOOST_AUTO_TEST_CASE(metadata_has_at_most_16_kib) {
    BOOST_TEST(Metadata::parse("{" + repeat(" ", 16382) + "}").has_value());
    BOOST_TEST(!Metadata::parse("{" + repeat(" ", 16383) + "}").has_value());
}

BOOST_AUTO_TEST_CASE(uuid_reads_either_case_and_prints_lower_case) {
    const auto id = parse_uuid("01890A5D-AC96-774B-bcce-b302099a8057");
    BOOST_TEST(format_uuid(id.value()) == "01890a5d-ac96-774b-bcce-b302099a8057");
    for (const std::string bad : {"", "01890a5d-ac96-774b-bcce-b302099a805", "01890a5dac96774bbcceb302099a8057",
                                  "{1890a5d-ac96-774b-bcce-b302099a805}", "01890a5d-ac96-774b-bcce-b302099a805g",
                                  "01890a5d_ac96-774b-bcce-b302099a8057"}) {
        BOOST_TEST(!parse_uuid(bad).has_value());
    }
}

BOOST_AUTO_TEST_CASE(uuids_grow_while_the_clock_stands_still_or_goes_back) {
    TimeMs now = 1'700'000'000'000;
    UuidMaker ids([&now] { return now; });
    auto last = ids.make();
    BOOST_TEST(format_uuid(last).substr(0, 15) == "018bcfe5-6800-7");
    for (int i = 0; i < 20'000; ++i) {
        if (i == 10'000) now -= 5'000;
        const auto id = ids.make();
        BOOST_REQUIRE(last < id);
        BOOST_REQUIRE((id.version() == static_cast<Uuid::version_type>(7) || (id.data[6] >> 4) == 7));
        BOOST_REQUIRE(id.variant() == Uuid::variant_rfc_4122);
        last = id;
    }
}

BOOST_AUTO_TEST_CASE(uuids_of_many_threads_are_all_different) {
    UuidMaker ids([] { return TimeMs{1'700'000'000'000}; });
    std::vector<std::vector<Uuid>> made(4);
    std::vector<std::thread> threads;
    for (auto& mine : made) {
        threads.emplace_back([&ids, &mine] {
            for (int i = 0; i < 2'000; ++i)
                mine.push_back(ids.make());
        });
    }
    for (auto& thread : threads)
        thread.join();
    std::set<Uuid> all;
    for (const auto& mine : made)
        all.insert(mine.begin(), mine.end());
    BOOST_TEST(all.size() == 8'000U);
}

BOOST_AUTO_TEST_CASE(token_is_its_prefix_and_32_random_characters) {
    const auto token = make_token("alc_");
    BOOST_TEST(token.size() == 36U);
    BOOST_TEST(token.starts_with("alc_"));
    BOOST_TEST((make_token("alc_") != token));
}

BOOST_AUTO_TEST_CASE(sha256_is_that_of_the_standard) {
    BOOST_TEST(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

BOOST_AUTO_TEST_CASE(admin_implies_every_permission) {
    Permissions none;
    Permissions reader;
    reader.add(Permission::kv_read);
    Permissions admin;
    admin.add(Permission::admin);
    for (const auto name : permission_names) {
        const auto permission = parse_permission(name).value();
        BOOST_TEST(admin.holds(permission));
        BOOST_TEST(!none.holds(permission));
        BOOST_TEST(reader.holds(permission) == (name == "kv:read"));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::scopes

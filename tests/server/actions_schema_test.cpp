// Shapes: how they are published, and what they refuse.
#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

#include "server/schema/formats.hpp"
#include "tests/server/actions_fixture.hpp"

namespace alcove::test {
namespace {

using namespace actions;
using namespace schema;

constexpr std::string_view colours[] = {"red", "green"};
constexpr Shape colour = {.types = type::string, .default_json = "\"red\"", .one_of = colours};
constexpr Shape name_shape = {.types = type::string,
                              .description = "A \"name\".",
                              .length_min = 2,
                              .length_max = 3,
                              .bytes_max = 5,
                              .format = &without_nul};
constexpr Shape names_shape = {
    .types = type::array, .items_min = 1, .items_max = 3, .items_unique = true, .items = &name_shape};
constexpr Shape size_shape = {.types = type::integer | type::null, .minimum = -2, .maximum = 7};
constexpr Shape share_shape = {.types = type::number, .exclusive_minimum = 0};
constexpr Shape flag_shape = {.types = type::boolean};
constexpr Shape any_shape = {};
constexpr Shape map_shape = {.types = type::object, .other_members = &name_shape};
constexpr Member members[] = {
    {.name = "colour", .shape = &colour},
    {.name = "names", .shape = &names_shape, .presence = Presence::required},
    {.name = "size", .shape = &size_shape},
    {.name = "share", .shape = &share_shape},
    {.name = "flag", .shape = &flag_shape},
    {.name = "any", .shape = &any_shape},
    {.name = "map", .shape = &map_shape},
};
constexpr Shape shape = {.types = type::object, .description = "All there is.", .members = members};

// "names[1]: 'in.names[1]' must …", or "" when it fits.
std::string refusal(const std::string& json) {
    const auto input = Input::parse(shape, json, "in");
    return input ? "" : brief(input.error()) + ": " + input.error().message;
}

// The same for one member beside a valid `names`.
std::string refusal_of(const std::string& member) {
    const std::string start = "400 VALIDATION_ERROR in.";
    const auto text = refusal("{\"names\":[\"abc\"]," + member + "}");
    if (text.empty()) return text;
    BOOST_TEST(text.starts_with(start));
    return text.substr(start.size());
}

BOOST_AUTO_TEST_SUITE(actions_schema)

BOOST_AUTO_TEST_CASE(shape_is_published_as_json_schema) {
    const std::string name =
        R"({"type":"string","description":"A \"name\".","minLength":2,"maxLength":3,"x-maxBytes":5,)"
        R"("pattern":"^[^\\u0000]*$"})";
    BOOST_TEST(to_json_schema(shape) ==
               R"({"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",)"
               R"("description":"All there is.","properties":{)"
               R"("colour":{"type":"string","default":"red","enum":["red","green"]},)"
               R"("names":{"type":"array","minItems":1,"maxItems":3,"uniqueItems":true,"items":)" +
                   name +
                   R"(},"size":{"type":["null","integer"],"minimum":-2,"maximum":7},)"
                   R"("share":{"type":"number","exclusiveMinimum":0},"flag":{"type":"boolean"},"any":{},)"
                   R"("map":{"type":"object","properties":{},"required":[],"additionalProperties":)" +
                   name + R"(}},"required":["names"],"additionalProperties":false})");
}

BOOST_AUTO_TEST_CASE(each_bound_is_enforced_and_named) {
    BOOST_TEST(refusal_of(R"("size":-2,"any":{"x":[[[[1]]]]},"flag":true)") == "");
    BOOST_TEST(refusal_of(R"("size":7.0,"share":1e-9,"colour":"green","map":{"x":"ab","names":"abc"})") == "");
    BOOST_TEST(refusal_of(R"("size":-3)") == "size: 'in.size' must be at least -2");
    BOOST_TEST(refusal_of(R"("size":-2.1)") == "size: 'in.size' must be null or a whole number");
    BOOST_TEST(refusal_of(R"("size":8e0)") == "size: 'in.size' must be at most 7");
    BOOST_TEST(refusal_of(R"("size":99999999999999999999)") == "size: 'in.size' must be at most 7");
    BOOST_TEST(refusal_of(R"("size":-99999999999999999999)") == "size: 'in.size' must be at least -2");
    BOOST_TEST(refusal_of(R"("share":0.0)") == "share: 'in.share' must be above 0");
    BOOST_TEST(refusal_of(R"("share":-1e-9)") == "share: 'in.share' must be above 0");
    BOOST_TEST(refusal_of(R"("flag":null)") == "flag: 'in.flag' must be true or false");
    BOOST_TEST(refusal_of(R"("colour":"blue")") == "colour: 'in.colour' must be one of red, green");
    BOOST_TEST(refusal_of(R"("map":{"x":"a"})") == "map.x: 'in.map.x' must have at least 2 characters");
    BOOST_TEST(refusal_of(R"("map":[])") == "map: 'in.map' must be an object");
    const std::string names = "400 VALIDATION_ERROR in.names";
    BOOST_TEST(refusal("{}") == names + ": 'in.names' is required");
    BOOST_TEST(refusal(R"({"names":[]})") == names + ": 'in.names' must not be empty");
    BOOST_TEST(refusal(R"({"names":["ab","cd","ef","gh"]})") == names + ": 'in.names' must have at most 3 items");
    BOOST_TEST(refusal(R"({"names":["ab","cd","ab"]})") ==
               names + "[2]: 'in.names[2]' must differ from 'in.names[0]'");
    BOOST_TEST(refusal(R"({"names":["ab",""]})") == names + "[1]: 'in.names[1]' must not be empty");
    BOOST_TEST(refusal(R"({"names":["abcd"]})") == names + "[0]: 'in.names[0]' must have at most 3 characters");
    BOOST_TEST(refusal("{\"names\":[\"\xc3\xa4\xc3\xa4\xc3\xa4\"]}") ==
               names + "[0]: 'in.names[0]' must have at most 5 bytes of UTF-8");
    BOOST_TEST(refusal("{\"names\":[\"\xc3\xa4\xc3\xa4\"]}") == "");
    BOOST_TEST(refusal(R"({"names":["a\u0000"]})") == names + "[0]: 'in.names[0]' must not hold a NUL");
}

BOOST_AUTO_TEST_CASE(text_that_is_no_such_object_is_refused) {
    BOOST_TEST(refusal("[]") == "400 VALIDATION_ERROR in: 'in' must be an object");
    BOOST_TEST(refusal("{").starts_with("400 INVALID_JSON"));
    BOOST_TEST(refusal(R"({"any":{"a":{"b":1,"b":2}}})").starts_with("400 VALIDATION_ERROR in.any.a.b"));
    BOOST_TEST(refusal(R"({"nope":1})") == "400 VALIDATION_ERROR in.nope: 'in.nope' is not known here");
}

BOOST_AUTO_TEST_CASE(members_are_read_by_name_or_default) {
    const auto input = Input::parse(shape, R"({"names":["a\u0062","cd"],"size":1e0,"any":{ "x":1}})", "in");
    BOOST_REQUIRE(input.has_value());
    BOOST_TEST(input->text("colour") == "red");
    BOOST_TEST(input->texts("names").at(0) == "ab");
    BOOST_TEST(input->whole_number("size") == 1U);
    BOOST_TEST(input->raw("any") == "{ \"x\":1}");
    BOOST_TEST(input->raw("share") == "");
    BOOST_TEST(!input->has("colour"));
    BOOST_TEST(input->field("size") == "in.size");
}

// What is published must make sense by itself.
void inspect(const Shape& one, const std::string& where) {
    if (!one.default_json.empty()) BOOST_TEST(ActionFixture::misfit(one, one.default_json) == "", where);
    std::set<std::string_view> names;
    for (const auto& member : one.members) {
        BOOST_TEST(names.insert(member.name).second, where);
        inspect(*member.shape, where + "." + std::string(member.name));
    }
    if (one.items != nullptr) inspect(*one.items, where + "[]");
    if (one.other_members != nullptr) inspect(*one.other_members, where + ".*");
}

BOOST_AUTO_TEST_CASE(actions_have_names_words_and_defaults_that_fit) {
    for (const auto* integration : integrations()) {
        BOOST_TEST(find_integration(integration->name) == integration);
        std::set<std::string_view> names;
        for (const auto& action : integration->actions) {
            const auto where = std::string(integration->name) + "." + std::string(action.name);
            BOOST_TEST(names.insert(action.name).second, where);
            BOOST_TEST(!action.description.empty(), where);
            BOOST_TEST(action.input.types == type::object, where);
            BOOST_TEST(find_action(*integration, action.name) == &action);
            inspect(action.input, where);
            inspect(action.output, where);
            for (const auto& member : action.input.members)
                BOOST_TEST(!member.shape->description.empty(), where + "." + std::string(member.name));
        }
        BOOST_TEST(find_action(*integration, "nope") == nullptr);
    }
    BOOST_TEST(find_integration("nope") == nullptr);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// What a body may ask of keys: one operation on the key of the path, or a transaction.
#pragma once

#include "server/api/operations.hpp"
#include "server/api/parameters.hpp"
#include "server/openapi/shapes.hpp"

namespace alcove::openapi::operation_shapes {

// Operations have `op` first, by which they are told apart, and the key last, which a path may name instead.

inline constexpr Shape seconds = {
    .types = type::number,
    .description = "Seconds from now after which the key is gone, at most a hundred years.",
    .exclusive_minimum = 0,
    .maximum = api::ttl_ms_max / 1000};
inline constexpr Shape seconds_or_null = {
    .types = type::number | type::null,
    .description = "Seconds from now after which the key is gone; null: it stays.",
    .exclusive_minimum = 0,
    .maximum = api::ttl_ms_max / 1000};
inline constexpr Shape expiry = {.types = type::string,
                                 .description = "When the key goes: ISO-8601 in UTC, in the future.",
                                 .format = &schema::utc_time};
inline constexpr Shape text_in = {.types = type::string,
                                  .description = "Text, kept as `text/plain; charset=utf-8`."};
inline constexpr Shape base64_in = {
    .types = type::string, .description = "Bytes, in padded base64.", .format = &schema::base64};
inline constexpr std::string_view value_members[] = {"value", "text", "base64"};
inline constexpr schema::Pair expiry_members[] = {{"ttl", "expiresAt"}};
inline constexpr Shape added = {.types = type::number,
                                .description = "What to add. A number that is written whole must fit 64 bits.",
                                .default_json = "1"};
inline constexpr Shape separator = {.types = type::string,
                                    .description = "What stands between the two, when there is text already.",
                                    .default_json = "\"\""};
inline constexpr Shape unique = {.types = type::boolean,
                                 .description = "Leaves the list as it is when an equal value is in it.",
                                 .default_json = "false"};
inline constexpr Shape patch = {
    .types = type::object, .description = "A merge patch (RFC 7396).", .other_members = &any_value};

inline constexpr std::string_view get_name[] = {"get"}, put_name[] = {"put"}, delete_name[] = {"delete"},
                                  delete_prefix_name[] = {"deletePrefix"}, increment_name[] = {"increment"},
                                  append_name[] = {"append"}, add_name[] = {"addToList"},
                                  remove_name[] = {"removeFromList"}, merge_name[] = {"merge"},
                                  touch_name[] = {"touch"};
inline constexpr Shape named(std::span<const std::string_view> name) {
    return {.types = type::string, .one_of = name};
}
inline constexpr Shape get_op = named(get_name), put_op = named(put_name), delete_op = named(delete_name),
                       delete_prefix_op = named(delete_prefix_name), increment_op = named(increment_name),
                       append_op = named(append_name), add_op = named(add_name), remove_op = named(remove_name),
                       merge_op = named(merge_name), touch_op = named(touch_name);

inline constexpr Member get_members[] = {required("op", get_op), required("key", key_shape)};
inline constexpr Member put_members[] = {required("op", put_op),
                                         optional("value", any_value),
                                         optional("text", text_in),
                                         optional("base64", base64_in),
                                         optional("contentType", content_type),
                                         optional("ttl", seconds),
                                         optional("expiresAt", expiry),
                                         required("key", key_shape)};
inline constexpr Member delete_members[] = {required("op", delete_op), required("key", key_shape)};
inline constexpr Member delete_prefix_members[] = {required("op", delete_prefix_op),
                                                   required("prefix", prefix_shape)};
inline constexpr Member increment_members[] = {required("op", increment_op), optional("by", added),
                                               required("key", key_shape)};
inline constexpr Member append_members[] = {required("op", append_op), required("value", text),
                                            optional("separator", separator), required("key", key_shape)};
inline constexpr Member add_members[] = {required("op", add_op), required("value", any_value),
                                         optional("unique", unique), required("key", key_shape)};
inline constexpr Member remove_members[] = {required("op", remove_op), required("value", any_value),
                                            required("key", key_shape)};
inline constexpr Member merge_members[] = {required("op", merge_op), required("value", patch),
                                           required("key", key_shape)};
inline constexpr Member touch_members[] = {required("op", touch_op), required("ttl", seconds_or_null),
                                           required("key", key_shape)};

inline constexpr Shape operation(std::string_view name, std::span<const Member> members) {
    return {.types = type::object, .name = name, .members = members};
}
inline constexpr Shape put_operation(std::string_view name, std::span<const Member> members) {
    return {.types = type::object,
            .name = name,
            .members = members,
            .one_required = value_members,
            .exclusive = expiry_members};
}
constexpr std::span<const Member> keyless(std::span<const Member> members) {
    return members.first(members.size() - 1);
}

inline constexpr Shape get_one = operation("Get", get_members), put_one = put_operation("Put", put_members),
                       delete_one = operation("Delete", delete_members),
                       delete_prefix_one = operation("DeletePrefix", delete_prefix_members),
                       increment_one = operation("Increment", increment_members),
                       append_one = operation("Append", append_members),
                       add_one = operation("AddToList", add_members),
                       remove_one = operation("RemoveFromList", remove_members),
                       merge_one = operation("Merge", merge_members), touch_one = operation("Touch", touch_members);
inline constexpr const Shape* variants[] = {&get_one,    &put_one, &delete_one, &delete_prefix_one, &increment_one,
                                            &append_one, &add_one, &remove_one, &merge_one,         &touch_one};
inline constexpr Shape any_operation = {.types = type::object, .name = "Operation", .variants = variants};

inline constexpr Shape get_here = operation("GetHere", keyless(get_members)),
                       put_here = put_operation("PutHere", keyless(put_members)),
                       delete_here = operation("DeleteHere", keyless(delete_members)),
                       increment_here = operation("IncrementHere", keyless(increment_members)),
                       append_here = operation("AppendHere", keyless(append_members)),
                       add_here = operation("AddToListHere", keyless(add_members)),
                       remove_here = operation("RemoveFromListHere", keyless(remove_members)),
                       merge_here = operation("MergeHere", keyless(merge_members)),
                       touch_here = operation("TouchHere", keyless(touch_members));
inline constexpr const Shape* variants_here[] = {&get_here,       &put_here,    &delete_here,
                                                 &increment_here, &append_here, &add_here,
                                                 &remove_here,    &merge_here,  &touch_here};
inline constexpr Shape operation_here = {.types = type::object, .name = "OperationHere", .variants = variants_here};

inline constexpr Shape checked_version = {
    .types = type::string | type::null,
    .description = "The version that the key must have; null: it must be absent.",
    .format = &schema::decimal_version};
inline constexpr Member check_members[] = {required("key", key_shape), required("version", checked_version)};
inline constexpr Shape check = {.types = type::object, .name = "Check", .members = check_members};
inline constexpr Shape checks = {
    .types = type::array,
    .description = "Read before any operation; one that does not hold is 409 `CHECK_FAILED`.",
    .items_max = api::transaction_checks_max,
    .items_excess = schema::Excess::too_large,
    .items = &check};
inline constexpr Shape operations_in = {.types = type::array,
                                        .description = "Done in their order: a later one sees the earlier ones.",
                                        .items_max = api::transaction_operations_max,
                                        .items_excess = schema::Excess::too_large,
                                        .items = &any_operation};
inline constexpr Member transaction_members[] = {optional("checks", checks), optional("operations", operations_in)};
inline constexpr Shape transaction = {.types = type::object,
                                      .description = "`checks` and `operations` are not both empty.",
                                      .members = transaction_members};

}  // namespace alcove::openapi::operation_shapes

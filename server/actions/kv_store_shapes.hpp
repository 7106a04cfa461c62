// What the actions of kv-store take and give.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "kv/limits.hpp"
#include "server/actions/shapes.hpp"
#include "server/api/parameters.hpp"

namespace alcove::actions::kv_store_shapes {

using shapes::cursor_in;
using shapes::cursor_out;
using shapes::success_out;

inline constexpr std::size_t listed_keys_max = 1000;

// Their values are in memory together.
inline constexpr std::size_t keys_at_once_max = 100;

inline constexpr Shape any_value = {.description = "Any JSON value."};

inline constexpr Shape key_in = {
    .types = type::string,
    .description = "The key: at most 480 bytes of UTF-8, none of them NUL.",
    .length_min = 1,
    .length_max = kv::limits::key_bytes_max,
    .bytes_max = kv::limits::key_bytes_max,
    .format = &schema::without_nul,
};

inline constexpr Shape prefix_in = {
    .types = type::string,
    .description = "What the keys begin with: at most 480 bytes of UTF-8, none of them NUL.",
    .default_json = "\"\"",
    .length_max = kv::limits::key_bytes_max,
    .bytes_max = kv::limits::key_bytes_max,
    .format = &schema::without_nul,
};

inline constexpr Shape value_in = {
    .description = "Any JSON value. Its text may be as large as the server's limit for values."};

inline constexpr Shape ttl_in = {
    .types = type::number,
    .description =
        "Seconds from now after which the key is gone, at most a hundred years. Fractions count up to the "
        "millisecond. Without it the key stays.",
    .exclusive_minimum = 0,
    .maximum = api::ttl_ms_max / 1000,
};

inline constexpr Shape version_in = {
    .types = type::string | type::null,
    .description = "The version that the key must have, as get_many or put_if told it; null: it must be absent.",
    .format = &schema::decimal_version,
};

inline constexpr Shape existed_out = {.types = type::boolean, .description = "Whether the key was there before."};

inline constexpr Shape list_out = {.types = type::array, .description = "The list as it is now."};

inline constexpr Member put_members[] = {
    {.name = "key", .shape = &key_in, .presence = Presence::required},
    {.name = "value", .shape = &value_in, .presence = Presence::required},
    {.name = "ttl", .shape = &ttl_in},
};
inline constexpr Shape put_input = {.types = type::object, .members = put_members};

inline constexpr Shape default_value_in = {.description = "What to answer when the key is absent.",
                                           .default_json = "null"};
inline constexpr Member get_members[] = {
    {.name = "key", .shape = &key_in, .presence = Presence::required},
    {.name = "defaultValue", .shape = &default_value_in},
};
inline constexpr Shape get_input = {.types = type::object, .members = get_members};

inline constexpr Member key_members[] = {{.name = "key", .shape = &key_in, .presence = Presence::required}};
inline constexpr Shape delete_input = {.types = type::object, .members = key_members};
inline constexpr Member delete_members_out[] = {
    {.name = "success", .shape = &success_out, .presence = Presence::required},
    {.name = "existed", .shape = &existed_out, .presence = Presence::required},
};
inline constexpr Shape delete_output = {.types = type::object, .members = delete_members_out};

inline constexpr Shape ignore_in = {
    .types = type::boolean,
    .description = "Leaves the list as it is when an equal value is in it.",
    .default_json = "false",
};
inline constexpr Member add_members[] = {
    {.name = "key", .shape = &key_in, .presence = Presence::required},
    {.name = "value", .shape = &value_in, .presence = Presence::required},
    {.name = "ignoreIfExists", .shape = &ignore_in},
};
inline constexpr Shape add_input = {.types = type::object, .members = add_members};

inline constexpr Member remove_members[] = {
    {.name = "key", .shape = &key_in, .presence = Presence::required},
    {.name = "value", .shape = &value_in, .presence = Presence::required},
};
inline constexpr Shape remove_input = {.types = type::object, .members = remove_members};

inline constexpr Shape by_in = {
    .types = type::number,
    .description = "What to add. Whole numbers are exact in 64 bits.",
    .default_json = "1",
    .minimum = std::numeric_limits<std::int64_t>::min(),
    .maximum = std::numeric_limits<std::int64_t>::max(),
};
inline constexpr Member increment_members[] = {
    {.name = "key", .shape = &key_in, .presence = Presence::required},
    {.name = "by", .shape = &by_in},
};
inline constexpr Shape increment_input = {.types = type::object, .members = increment_members};
inline constexpr Shape increment_output = {.types = type::number, .description = "The number as it is now."};

inline constexpr Shape appended_in = {.types = type::string,
                                      .description = "What comes behind the text that is there."};
inline constexpr Shape separator_in = {
    .types = type::string,
    .description = "What stands between the two, when there is text already.",
    .default_json = "\"\"",
};
inline constexpr Member append_members[] = {
    {.name = "key", .shape = &key_in, .presence = Presence::required},
    {.name = "value", .shape = &appended_in, .presence = Presence::required},
    {.name = "separator", .shape = &separator_in},
};
inline constexpr Shape append_input = {.types = type::object, .members = append_members};
inline constexpr Shape base64_out = {.types = type::string, .description = "The bytes in base64."};
inline constexpr Member bytes_members_out[] = {
    {.name = "base64", .shape = &base64_out, .presence = Presence::required}};
inline constexpr Shape append_output = {
    .types = type::string | type::object,
    .description = "The text as it is now. An object only when what was there before was no UTF-8.",
    .members = bytes_members_out,
};

inline constexpr Shape limit_in = {
    .types = type::integer,
    .description = "How many keys a page has at most.",
    .default_json = "100",
    .minimum = 1,
    .maximum = listed_keys_max,
};
inline constexpr Member list_members[] = {
    {.name = "prefix", .shape = &prefix_in},
    {.name = "limit", .shape = &limit_in},
    {.name = "cursor", .shape = &cursor_in},
};
inline constexpr Shape list_input = {.types = type::object, .members = list_members};
inline constexpr Shape key_out = {.types = type::string};
inline constexpr Shape keys_out = {
    .types = type::array, .description = "In the order of their bytes.", .items = &key_out};
inline constexpr Member list_members_out[] = {
    {.name = "keys", .shape = &keys_out, .presence = Presence::required},
    {.name = "cursor", .shape = &cursor_out, .presence = Presence::required},
};
inline constexpr Shape list_output = {.types = type::object, .members = list_members_out};

inline constexpr Shape keys_in = {
    .types = type::array,
    .description = "The keys, each once.",
    .items_min = 1,
    .items_max = keys_at_once_max,
    .items_unique = true,
    .items = &key_in,
};
inline constexpr Member get_many_members[] = {{.name = "keys", .shape = &keys_in, .presence = Presence::required}};
inline constexpr Shape get_many_input = {.types = type::object, .members = get_many_members};
inline constexpr Shape values_out = {
    .types = type::object,
    .description = "The value of each key that was asked for; null when it is absent.",
    .other_members = &any_value,
};
inline constexpr Shape version_out = {.types = type::string | type::null, .format = &schema::decimal_version};
inline constexpr Shape versions_out = {
    .types = type::object,
    .description = "The version of each key that was asked for, as put_if takes it; null when it is absent.",
    .other_members = &version_out,
};
inline constexpr Member get_many_members_out[] = {
    {.name = "values", .shape = &values_out, .presence = Presence::required},
    {.name = "versions", .shape = &versions_out, .presence = Presence::required},
};
inline constexpr Shape get_many_output = {.types = type::object, .members = get_many_members_out};

inline constexpr Member put_if_members[] = {
    {.name = "key", .shape = &key_in, .presence = Presence::required},
    {.name = "value", .shape = &value_in, .presence = Presence::required},
    {.name = "version", .shape = &version_in, .presence = Presence::required},
};
inline constexpr Shape put_if_input = {.types = type::object, .members = put_if_members};
inline constexpr Shape new_version_out = {
    .types = type::string, .description = "The version that the key has now.", .format = &schema::decimal_version};
inline constexpr Member put_if_members_out[] = {
    {.name = "success", .shape = &success_out, .presence = Presence::required},
    {.name = "version", .shape = &new_version_out, .presence = Presence::required},
};
inline constexpr Shape put_if_output = {.types = type::object, .members = put_if_members_out};

inline constexpr Shape new_ttl_in = {
    .types = type::number | type::null,
    .description = "Seconds from now after which the key is gone, at most a hundred years; null: it stays.",
    .exclusive_minimum = 0,
    .maximum = api::ttl_ms_max / 1000,
};
inline constexpr Member touch_members[] = {
    {.name = "key", .shape = &key_in, .presence = Presence::required},
    {.name = "ttl", .shape = &new_ttl_in, .presence = Presence::required},
};
inline constexpr Shape touch_input = {.types = type::object, .members = touch_members};
inline constexpr Shape expires_out = {
    .types = type::string | type::null,
    .description = "When the key goes, in ISO-8601 UTC; null: never, or it is absent."};
inline constexpr Member touch_members_out[] = {
    {.name = "success", .shape = &success_out, .presence = Presence::required},
    {.name = "existed", .shape = &existed_out, .presence = Presence::required},
    {.name = "expiresAt", .shape = &expires_out, .presence = Presence::required},
};
inline constexpr Shape touch_output = {.types = type::object, .members = touch_members_out};

inline constexpr Member key_changed_members[] = {{.name = "prefix", .shape = &prefix_in}};
inline constexpr Shape key_changed_input = {.types = type::object, .members = key_changed_members};

inline constexpr Shape value_out = {.description =
                                        "The value. Text that was stored as such is a string, and bytes that are "
                                        "neither JSON nor text are {\"base64\": …}."};
inline constexpr Shape stored_out = {.description = "The value as it was stored."};

}  // namespace alcove::actions::kv_store_shapes

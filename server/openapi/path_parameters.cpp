#include "server/openapi/path_parameters.hpp"

#include <stdexcept>
#include <string>

#include "server/openapi/shapes.hpp"

namespace alcove::openapi {
namespace {

constexpr Shape integration_selector = {.types = type::string,
                                        .description = "The workspace's integration by its alias or id."};
constexpr Shape end_user_selector = {.types = type::string,
                                     .description = "The end user by an external id, primary or deprecated.",
                                     .length_min = 1,
                                     .length_max = scopes::name_code_points_max};
constexpr Shape external_key = {.types = type::string,
                                .description =
                                    "Any key of yours: 1 to 255 characters, none of them a control "
                                    "character.",
                                .length_min = 1,
                                .length_max = scopes::name_code_points_max,
                                .format = &schema::plain_text};
constexpr Shape key_in_path = {.types = type::string,
                               .description =
                                   "The whole rest of the path, slashes included, encoded or not: 1 to 480 "
                                   "bytes of UTF-8 without NUL.",
                               .length_min = 1,
                               .length_max = kv::limits::key_bytes_max,
                               .bytes_max = kv::limits::key_bytes_max,
                               .format = &schema::without_nul};
constexpr Shape file_in_path = {.types = type::string,
                                .description =
                                    "The whole rest of the path: 1 to 480 bytes of UTF-8 in segments with "
                                    "`/` between them, encoded or not, none of which is empty, `.` or `..`.",
                                .length_min = 1,
                                .length_max = kv::limits::key_bytes_max,
                                .bytes_max = kv::limits::key_bytes_max,
                                .format = &schema::file_path};
constexpr Shape signed_link = {.types = type::string, .description = "What a download URL ends with."};
constexpr Shape connection_id = {.types = type::string, .description = "`conn_` and 32 hexadecimal digits."};
constexpr Shape event_id = {.types = type::string, .description = "`evt_` and its place."};
constexpr Shape destination_id = {.types = type::string, .description = "`evtd_` and 32 hexadecimal digits."};

// The first that fits.
constexpr PathParameter table[] = {
    {"/api/", "workspace", &workspace_selector, "acme"},
    {"/api/", "endUserId", &end_user_selector, "user_123"},
    {"/api/", "externalId", &external_key, "tenant-7"},
    {"/api/", "integration", &integration_selector, "kv-store"},
    {"/api/", "key", &key_in_path, "cursors/orders"},
    {"/api/", "path", &file_in_path, "notes/today.txt"},
    {"/api/", "uuid", &id, "0199c2a4-6f3e-7b21-9d55-3c1f0a8e7b42"},
    {"/api/", "name", &integration_name, "kv-store"},
    {"/files/", "signed", &signed_link, "a-signed-download-link"},
    {"/v2/connections/", "id", &connection_id, "conn_0199c2a46f3e7b219d553c1f0a8e7b42"},
    {"/v2/events/", "id", &event_id, "evt_0000000000000042"},
    {"/v2/event-destinations/", "id", &destination_id, "evtd_0199c2a46f3e7b219d553c1f0a8e7b42"},
};

}  // namespace

const PathParameter& find_path_parameter(std::string_view pattern, std::string_view name) {
    for (const auto& parameter : table) {
        if (parameter.name == name && pattern.starts_with(parameter.pattern_start)) return parameter;
    }
    throw std::logic_error("nothing is said of {" + std::string(name) + "} in " + std::string(pattern));
}

}  // namespace alcove::openapi

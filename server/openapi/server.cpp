// The server itself.
#include "server/api/description.hpp"
#include "server/api/health.hpp"
#include "server/api/metrics.hpp"
#include "server/openapi/groups.hpp"
#include "server/openapi/shapes.hpp"

namespace alcove::openapi {
namespace {

constexpr std::string_view ok_name[] = {"ok"}, ready_name[] = {"ready"}, unavailable_name[] = {"unavailable"};
constexpr Shape ok = {.types = type::string, .one_of = ok_name};
constexpr Shape ready = {.types = type::string, .one_of = ready_name};
constexpr Shape unavailable = {.types = type::string, .one_of = unavailable_name};
constexpr Shape state = {.types = type::string, .description = "`ok`, or a word that says what is wrong."};
constexpr Member check_members[] = {required("store", state), required("disk", state), required("shutdown", state)};
constexpr Shape checks = {.types = type::object, .members = check_members};
constexpr Member health_members[] = {required("status", ok)};
constexpr Shape health = {.types = type::object, .members = health_members};
constexpr Member ready_members[] = {required("status", ready), required("checks", checks)};
constexpr Shape readiness = {.types = type::object, .members = ready_members};
constexpr Member unready_members[] = {required("status", unavailable), required("checks", checks)};
constexpr Shape unreadiness = {.types = type::object, .members = unready_members};

constexpr std::string_view tag_header[] = {"ETag"};
constexpr Parameter description_parameters[] = {known_tags};
constexpr Answer health_answers[] = {{.status = 200, .meaning = "The process runs.", .body = &health}};
constexpr Answer readiness_answers[] = {
    {.status = 200, .meaning = "The server takes requests.", .body = &readiness},
    {.status = 503, .meaning = "It does not; one of the checks says why.", .body = &unreadiness}};
constexpr Answer description_answers[] = {
    {.status = 200, .meaning = "OpenAPI 3.1.", .body = &any_object, .headers = tag_header}, not_modified};

constexpr Answer metrics_answers[] = {
    {.status = 200, .meaning = "In the text format of Prometheus.", .media_type = "text/plain"}};
constexpr unsigned metrics_errors[] = {401, 403};

constexpr Operation operations[] = {
    {.handler = api::get_health,
     .id = "getHealth",
     .summary = "Tell whether the process runs",
     .answers = health_answers},
    {.handler = api::get_readiness,
     .id = "getReadiness",
     .summary = "Tell whether the server takes requests",
     .answers = readiness_answers},
    {.handler = api::get_metrics,
     .id = "getMetrics",
     .summary = "Read the metrics",
     .description =
         "With `metrics.token` of the configuration as the bearer token; without one from the server's machine.",
     .answers = metrics_answers,
     .errors = metrics_errors},
    {.handler = api::get_description,
     .id = "getOpenapi",
     .summary = "This description",
     .parameters = description_parameters,
     .answers = description_answers},
};

}  // namespace

constinit const Group server = {.tag = "Server",
                                .description = "The server itself. None of it needs a token of the API.",
                                .operations = operations};

}  // namespace alcove::openapi

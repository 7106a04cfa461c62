// The connect page.
#include "server/api/connect.hpp"

#include "server/api/connect_page.hpp"
#include "server/openapi/groups.hpp"
#include "server/openapi/resources.hpp"

namespace alcove::openapi {
namespace {

constexpr Member session_members[] = {required("workspaceId", id),
                                      required("workspaceName", text),
                                      required("endUserId", text),
                                      required("endUserName", text_or_null),
                                      required("integrationName", text_or_null),
                                      required("expiresAt", time),
                                      required("connections", connection_items)};
constexpr Shape session = {.types = type::object, .name = "ConnectSession", .members = session_members};
constexpr Member one_members[] = {required("connectSession", session)};
constexpr Shape one = {.types = type::object, .members = one_members};

constexpr Answer session_answers[] = {{.status = 200, .meaning = "Whom and what it is for.", .body = &one}};
constexpr Answer page_answers[] = {{.status = 200, .meaning = "The page.", .media_type = "text/html"}};
constexpr Answer script_answers[] = {{.status = 200, .meaning = "Its script.", .media_type = "text/javascript"}};
constexpr Answer style_answers[] = {{.status = 200, .meaning = "Its style.", .media_type = "text/css"}};

constexpr Operation operations[] = {
    {.handler = api::get_connect_session,
     .id = "getConnectSession",
     .summary = "Tell whom and what a connect token is for",
     .description = "For `eut_` tokens.",
     .answers = session_answers},
    {.handler = api::get_connect_page,
     .id = "getConnectPage",
     .summary = "The page in which an end user enters what a connection needs",
     .description = "The token stands behind `#`, where browsers keep it to themselves.",
     .answers = page_answers},
    {.handler = api::get_connect_script,
     .id = "getConnectScript",
     .summary = "The script of the connect page",
     .answers = script_answers},
    {.handler = api::get_connect_style,
     .id = "getConnectStyle",
     .summary = "The style of the connect page",
     .answers = style_answers},
};

}  // namespace

constinit const Group connect = {
    .tag = "Connect page", .description = "Where end users connect by themselves.", .operations = operations};

}  // namespace alcove::openapi

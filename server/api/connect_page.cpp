#include "server/api/connect_page.hpp"

#include "server/connect/files.hpp"

namespace alcove::api {
namespace {

// Nothing of the page comes from elsewhere, and nobody else may show it in a frame.
constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

void answer(Call& call, std::string_view content_type, std::string_view body) {
    if (auto problem = refuse_query(call)) return call.fail(*problem);
    call.response.set("Content-Type", content_type);
    call.response.set("X-Content-Type-Options", "nosniff");
    call.response.set("Referrer-Policy", "no-referrer");
    call.response.set("Cache-Control", "no-store");
    call.response.body = body;
}

}  // namespace

asio::awaitable<void> get_connect_page(Call& call) {
    call.response.set("Content-Security-Policy", content_security_policy);
    call.response.set("X-Frame-Options", "DENY");
    answer(call, "text/html; charset=utf-8", connect::page_html);
    co_return;
}

asio::awaitable<void> get_connect_script(Call& call) {
    answer(call, "text/javascript; charset=utf-8", connect::page_js);
    co_return;
}

asio::awaitable<void> get_connect_style(Call& call) {
    answer(call, "text/css; charset=utf-8", connect::page_css);
    co_return;
}

}  // namespace alcove::api

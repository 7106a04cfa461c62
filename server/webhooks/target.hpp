// What a webhook may call, and what it may say there beside its own headers.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/system/result.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alcove::webhooks {

// What is wrong with what someone asked for, in one sentence without its full stop.
struct Invalid {
    std::string message;
};

// Called by result::value() on an error; callers that test first never meet it.
[[noreturn]] void throw_exception_from_error(const Invalid& invalid, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Invalid>;

// An absolute URL with http or https and a host (a name of letters, digits, '-', '.', '_', or an IP address),
// without user, password and fragment, of at most limits::url_bytes_max. Where its host leads is judged at every
// connection (Sender), for names may lead elsewhere tomorrow.
class CallbackUrl {
public:
    static Result<CallbackUrl> parse(std::string_view text);
    const std::string& text() const { return text_; }  // as it was given
    bool operator==(const CallbackUrl&) const = default;

private:
    explicit CallbackUrl(std::string_view text) : text_(text) {}
    std::string text_;
};

struct CustomHeader {
    std::string name;
    std::string value;
    bool operator==(const CustomHeader&) const = default;
};

// Headers that the receiver wants to see. Names are tokens of RFC 9110 and differ in more than case; values are
// visible ASCII, spaces and tabs, so none can smuggle in a line. Refused are names that speak of the connection or
// the body (Host, Content-Type, …), User-Agent, and all that begin with Webhook-. At most limits::headers_max, and
// limits::headers_bytes_max. None by default.
class CustomHeaders {
public:
    CustomHeaders() = default;

    // Spaces and tabs around values are dropped: HTTP does not carry them.
    static Result<CustomHeaders> parse(std::vector<CustomHeader> headers);
    const std::vector<CustomHeader>& list() const { return list_; }
    bool operator==(const CustomHeaders&) const = default;

private:
    explicit CustomHeaders(std::vector<CustomHeader> list) : list_(std::move(list)) {}
    std::vector<CustomHeader> list_;
};

// Whether packets to it may go out to the internet: false for this machine, private networks, link-local addresses
// (cloud metadata among them), multicast, documentation, and everything else of IANA's special-purpose registries
// that is not reachable globally. An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4) is judged by that.
bool is_public_address(const boost::asio::ip::address& address);

}  // namespace alcove::webhooks

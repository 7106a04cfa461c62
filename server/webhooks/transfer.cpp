#include "server/webhooks/transfer.hpp"

#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <new>
#include <string_view>

#include "server/webhooks/limits.hpp"

namespace alcove::webhooks {

namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> address_of(const curl_sockaddr& from) {
    if (from.family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &from.addr, sizeof in);
        return ip::address_v4(ntohl(in.sin_addr.s_addr));
    }
    if (from.family == AF_INET6) {
        // libcurl's structure is declared shorter than what it holds.
        sockaddr_in6 in{};
        std::memcpy(&in, static_cast<const void*>(&from.addr), sizeof in);
        ip::address_v6::bytes_type bytes{};
        std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
        return ip::address_v6(bytes);
    }
    return std::nullopt;
}

// Seconds alone; a date would make us believe the receiver's clock.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view line) {
    constexpr std::string_view name = "retry-after:";
    if (line.size() < name.size() || ::strncasecmp(line.data(), name.data(), name.size()) != 0) return std::nullopt;
    const auto begin = std::min(line.find_first_not_of(" \t", name.size()), line.size());
    const auto end = line.find_last_not_of(" \t\r\n") + 1;
    if (begin >= end) return std::nullopt;
    std::uint64_t seconds = 0;
    const auto parsed = std::from_chars(line.data() + begin, line.data() + end, seconds);
    if (parsed.ptr != line.data() + end) return std::nullopt;
    const auto most = static_cast<std::uint64_t>(limits::retry_after_max.count());
    if (parsed.ec == std::errc::result_out_of_range) seconds = most;
    return std::chrono::seconds(std::min(seconds, most));
}

bool is_success(long status) {
    return status >= 200 && status < 300;
}

}  // namespace

Transfer::Transfer(Delivery delivery, const SenderOptions& options)
    : delivery_(std::move(delivery)), options_(options), handle_(curl_easy_init()) {
    if (!handle_) throw std::bad_alloc();
    set_headers();
    set_options();
}

void Transfer::add_header(const std::string& line) {
    curl_slist* list = curl_slist_append(headers_.get(), line.c_str());
    if (list == nullptr) throw std::bad_alloc();
    static_cast<void>(headers_.release());  // it is part of the new list
    headers_.reset(list);
}

void Transfer::set_headers() {
    const auto& [group, url, headers, id, body, secrets, timestamp_s] = delivery_;
    add_header("Content-Type: application/json");
    add_header("Expect:");  // else a large body waits a second for an answer that does not come
    add_header("webhook-id: " + id);
    add_header("webhook-timestamp: " + std::to_string(timestamp_s));
    const std::string signatures = sign_with_all(secrets, id, timestamp_s, body);
    if (!signatures.empty()) add_header("webhook-signature: " + signatures);
    // libcurl takes a name and a colon for a header that is not to be sent.
    for (const auto& [name, value] : headers.list())
        add_header(value.empty() ? name + ";" : name + ": " + value);
    curl_easy_setopt(handle(), CURLOPT_HTTPHEADER, headers_.get());
}

void Transfer::set_options() {
    CURL* const curl = handle();
    curl_easy_setopt(curl, CURLOPT_URL, delivery_.url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, delivery_.body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(delivery_.body.size()));
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "alcove/" ALCOVE_VERSION);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
    // Else a look-up that has timed out would hold up every other exchange until its thread ends.
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    for (const auto option : {CURLOPT_OPENSOCKETDATA, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_PRIVATE})
        curl_easy_setopt(curl, option, this);
}

curl_socket_t Transfer::on_socket(void* user, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(user);
    const auto judged = address_of(*address);
    if (!judged || (!transfer.options_.allow_private_targets && !is_public_address(*judged))) {
        ++transfer.addresses_refused_;
        return CURL_SOCKET_BAD;
    }
    ++transfer.sockets_made_;
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Answering another size than was given ends the exchange.
std::size_t Transfer::on_header(char* data, std::size_t, std::size_t size, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    transfer.header_bytes_ += size;
    if (transfer.header_bytes_ > limits::answer_headers_bytes_max) return 0;
    if (auto seconds = parse_retry_after({data, size})) transfer.retry_after_ = seconds;
    return size;
}

std::size_t Transfer::on_body(char*, std::size_t, std::size_t size, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    transfer.body_bytes_ += size;
    transfer.body_is_cut_ = transfer.body_bytes_ > limits::answer_body_bytes_max;
    return transfer.body_is_cut_ ? 0 : size;
}

SendOutcome Transfer::stopped() const {
    return {.error = "the server stops", .duration = duration(), .is_ours = true};
}

std::chrono::milliseconds Transfer::duration() const {
    if (began_ == std::chrono::steady_clock::time_point()) return {};
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_);
}

SendOutcome Transfer::outcome(CURLcode code) const {
    SendOutcome outcome{.duration = duration()};
    long status = 0;
    curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &status);
    const bool is_whole = code == CURLE_OK || body_is_cut_;
    // A failure that breaks off has said enough; a success has not.
    if (status < 200 || (!is_whole && is_success(status))) {
        outcome.error = failure(code);
        return outcome;
    }
    outcome.status = static_cast<unsigned>(status);
    if (is_success(status)) return outcome;
    outcome.error = "the receiver answered " + std::to_string(status);
    if (status < 400) outcome.error += ", and redirects are not followed";
    if (status == 429 || status == 503) outcome.retry_after = retry_after_;
    return outcome;
}

// libcurl's own words may quote the receiver.
std::string Transfer::failure(CURLcode code) const {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return "the host's name does not resolve";
        case CURLE_COULDNT_CONNECT:
            if (sockets_made_ == 0 && addresses_refused_ > 0)
                return "the target resolves to an address that is not public; webhooks.allow_private_targets "
                       "allows it";
            return "no connection: the host cannot be reached or nothing listens there";
        case CURLE_OPERATION_TIMEDOUT: {
            curl_off_t connected_us = 0;
            curl_easy_getinfo(handle(), CURLINFO_CONNECT_TIME_T, &connected_us);
            return (connected_us == 0 ? "no connection within " : "no whole answer within ") +
                   std::to_string(options_.timeout.count()) + " ms";
        }
        case CURLE_PEER_FAILED_VERIFICATION:
            return "the certificate is not valid for the host, or nobody vouches for it";
        case CURLE_SSL_CONNECT_ERROR:
            return "no TLS connection came about";
        case CURLE_GOT_NOTHING:
            return "the connection was closed without an answer";
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_PARTIAL_FILE:
            return "the connection broke before the answer was whole";
        case CURLE_WRITE_ERROR:
            if (header_bytes_ > limits::answer_headers_bytes_max) return "the answer's headers are too large";
            break;
        case CURLE_OK:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_WEIRD_SERVER_REPLY:
            return "the answer is not HTTP/1.1";
        case CURLE_URL_MALFORMAT:
            return "the URL is malformed";
        default:
            break;
    }
    return std::string("the exchange failed: ") + curl_easy_strerror(code);
}

}  // namespace alcove::webhooks

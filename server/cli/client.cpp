#include "server/cli/client.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <memory>
#include <stdexcept>

#include "server/cli/output.hpp"

namespace alcove::cli {

namespace {

constexpr long connect_timeout_s = 10;
constexpr long silence_max_s = 120;               // nothing came and nothing went
constexpr std::size_t body_bytes_max = 64 << 20;  // of an answer that is kept: a page of values is some MiB

// What one request's callbacks work on. They are called from C: exceptions wait here.
struct Transfer {
    CURL* handle;
    const Request& request;
    const Sink& sink;
    Response response{};
    std::exception_ptr failure{};
};

template <class Work>
std::size_t guarded(Transfer& transfer, std::size_t refusal, Work work) {
    try {
        return work();
    } catch (...) {
        transfer.failure = std::current_exception();
        return refusal;
    }
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    return guarded(transfer, 0, [&] {
        curl_easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &transfer.response.status);
        if (transfer.sink && transfer.response.is_success()) {
            transfer.sink({data, size});
        } else {
            if (transfer.response.body.size() + size > body_bytes_max)
                throw Failure(exit_failure, "the server's answer is too large");
            transfer.response.body.append(data, size);
        }
        return size;
    });
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    return guarded(transfer, 0, [&] {
        const std::string_view line(data, size);
        auto& headers = transfer.response.headers;
        if (line.starts_with("HTTP/")) headers.clear();
        const auto colon = line.find(':');
        if (colon == line.npos) return size;
        std::string name(line.substr(0, colon));
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
        const auto begin = std::min(line.find_first_not_of(" \t", colon + 1), line.size());
        const auto end = line.find_last_not_of(" \t\r\n") + 1;
        headers[name] = std::string(line.substr(begin, end > begin ? end - begin : 0));
        return size;
    });
}

std::size_t on_source(char* buffer, std::size_t, std::size_t size, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    return guarded(transfer, CURL_READFUNC_ABORT, [&] { return transfer.request.source(buffer, size); });
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    auto& transfer = *static_cast<Transfer*>(user);
    return static_cast<int>(
        guarded(transfer, 1, [&]() -> std::size_t { return transfer.request.goes_on() ? 0 : 1; }));
}

class HeaderList {
public:
    HeaderList() = default;
    ~HeaderList() { curl_slist_free_all(list_); }
    HeaderList(const HeaderList&) = delete;
    HeaderList& operator=(const HeaderList&) = delete;
    void add(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }
    curl_slist* get() const { return list_; }

private:
    curl_slist* list_ = nullptr;
};

std::string url_of(const std::string& base, const Request& request) {
    std::string url = base + "/api/v1" + request.path;
    char separator = '?';
    for (const auto& [name, value] : request.query) {
        url.append(1, separator).append(percent_encode(name)).append("=").append(percent_encode(value));
        separator = '&';
    }
    return url;
}

// What goes to this machine needs no proxy, whatever the environment says.
bool is_loopback(const std::string& url) {
    const std::string_view host = std::string_view(url).substr(url.find("//") + 2);
    return std::ranges::any_of(std::initializer_list<std::string_view>{"127.", "localhost", "[::1]"},
                               [&](std::string_view own) { return host.starts_with(own); });
}

void check_header(const std::string& name, const std::string& value) {
    const bool fine = std::ranges::none_of(value, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
    if (!fine) throw Failure(exit_usage, name + " must not hold control characters");
}

void set_body(CURL* handle, const Request& request, HeaderList& headers) {
    if (request.body) {
        curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request.body->data());
        curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body->size()));
        headers.add("Content-Type: application/json");
    } else if (request.source) {
        curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(handle, CURLOPT_READFUNCTION, on_source);
        if (request.source_bytes)
            curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(*request.source_bytes));
    }
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

// What tries again meets it again.
bool is_lasting(CURLcode outcome) {
    return std::ranges::any_of(std::initializer_list<CURLcode>{CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL,
                                                               CURLE_PEER_FAILED_VERIFICATION,
                                                               CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE},
                               [&](CURLcode lasting) { return outcome == lasting; });
}

}  // namespace

std::string percent_encode(std::string_view text) {
    if (text.empty()) return {};
    const std::unique_ptr<char, void (*)(void*)> encoded(
        curl_easy_escape(nullptr, text.data(), static_cast<int>(text.size())), curl_free);
    if (!encoded) throw std::bad_alloc();
    return encoded.get();
}

std::string Response::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

Client::Client(Settings settings) : settings_(std::move(settings)) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    handle_ = curl_easy_init();
    if (handle_ == nullptr) throw std::runtime_error("libcurl does not start");
}

Client::~Client() {
    curl_easy_cleanup(handle_);
    curl_global_cleanup();
}

Response Client::send(const Request& request, const Sink& sink) {
    curl_easy_reset(handle_);
    Transfer transfer{.handle = handle_, .request = request, .sink = sink};
    char reason[CURL_ERROR_SIZE] = "";
    const std::string url = url_of(settings_.url, request);
    HeaderList headers;
    if (!settings_.token.empty()) headers.add("Authorization: Bearer " + settings_.token);
    headers.add("Expect:");  // else a large body waits a second for an answer that does not come
    for (const auto& [name, value] : request.headers) {
        check_header(name, value);
        headers.add(name + ": " + value);
    }
    set_body(handle_, request, headers);
    curl_easy_setopt(handle_, CURLOPT_URL, url.c_str());
    curl_easy_setopt(handle_, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(handle_, CURLOPT_PROTOCOLS_STR, "http,https");
    if (is_loopback(url)) curl_easy_setopt(handle_, CURLOPT_PROXY, "");
    if (!settings_.ca_file.empty()) curl_easy_setopt(handle_, CURLOPT_CAINFO, settings_.ca_file.c_str());
    curl_easy_setopt(handle_, CURLOPT_USERAGENT, "alcove/" ALCOVE_VERSION);
    curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(handle_, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(handle_, CURLOPT_CONNECTTIMEOUT, connect_timeout_s);
    curl_easy_setopt(handle_, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(handle_, CURLOPT_LOW_SPEED_TIME, silence_max_s);
    curl_easy_setopt(handle_, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, on_header);
    for (const auto option : {CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_READDATA})
        curl_easy_setopt(handle_, option, &transfer);
    if (request.goes_on) {
        curl_easy_setopt(handle_, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(handle_, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(handle_, CURLOPT_XFERINFODATA, &transfer);
    }

    const CURLcode outcome = curl_easy_perform(handle_);
    if (transfer.failure) std::rethrow_exception(transfer.failure);
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &transfer.response.status);
    if (outcome != CURLE_OK && outcome != CURLE_ABORTED_BY_CALLBACK) {
        const std::string why = *reason != '\0' ? reason : curl_easy_strerror(outcome);
        const std::string message = "no answer from " + settings_.url + ": " + why;
        if (is_lasting(outcome)) throw Failure(exit_failure, message);
        throw NoAnswer(exit_failure, message);
    }
    return std::move(transfer.response);
}

Response Client::expect(const Request& request, const Sink& sink) {
    auto response = send(request, sink);
    if (!response.is_success()) throw failure_of(response);
    return response;
}

Failure failure_of(const Response& response) {
    int status = exit_failure;
    if (response.status == 404) status = exit_not_found;
    if (response.status == 401 || response.status == 403) status = exit_refused;
    if (response.status == 409 || response.status == 412) status = exit_conflict;

    std::string message = "the server answered " + std::to_string(response.status);
    std::string more;
    const auto add = [&more](std::string_view text) {
        if (!text.empty()) more.append(more.empty() ? "" : ", ").append(text);
    };
    const auto document = scopes::json::Document::parse(response.body, {.depth_max = 128});
    if (document && document->root().type == scopes::json::Type::object) {
        const auto text_of = [&](const scopes::json::Value& object, std::string_view name) {
            const auto* value = document->member(object, name);
            return value == nullptr ? std::string_view() : value->text;
        };
        if (const auto text = text_of(document->root(), "error"); !text.empty()) message = text;
        add(text_of(document->root(), "code"));
        const auto* details = document->member(document->root(), "details");
        if (details != nullptr && details->type == scopes::json::Type::object) add(text_of(*details, "field"));
    }
    add(response.header("x-request-id"));
    return {status, message + (more.empty() ? "" : " (" + more + ")")};
}

}  // namespace alcove::cli

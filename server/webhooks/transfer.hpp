// One exchange with a receiver, on a libcurl handle: what is sent, what of the answer is read, what it comes to.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <memory>

#include "server/webhooks/sender.hpp"

namespace alcove::webhooks {

// Made on any thread, then used on the thread of the multi handle that runs it. The handle points to the object,
// which must be off the multi handle before it is destroyed.
class Transfer {
public:
    // Signs. Throws std::bad_alloc.
    Transfer(Delivery delivery, const SenderOptions& options);
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    CURL* handle() const { return handle_.get(); }
    void begin() { began_ = std::chrono::steady_clock::now(); }

    const std::string& group() const { return delivery_.group; }
    std::size_t body_bytes() const { return delivery_.body.size(); }

    // Once libcurl is done with it.
    SendOutcome outcome(CURLcode code) const;
    // When it was cut off before.
    SendOutcome stopped() const;

private:
    struct Free {
        void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
        void operator()(curl_slist* list) const { curl_slist_free_all(list); }
    };

    static curl_socket_t on_socket(void* user, curlsocktype purpose, curl_sockaddr* address);
    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* user);
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* user);

    void add_header(const std::string& line);
    void set_headers();
    void set_options();
    std::chrono::milliseconds duration() const;
    std::string failure(CURLcode code) const;

    const Delivery delivery_;
    const SenderOptions options_;
    std::unique_ptr<curl_slist, Free> headers_;
    std::unique_ptr<CURL, Free> handle_;
    std::chrono::steady_clock::time_point began_{};
    std::size_t sockets_made_ = 0;
    std::size_t addresses_refused_ = 0;
    std::size_t header_bytes_ = 0;
    std::size_t body_bytes_ = 0;
    bool body_is_cut_ = false;
    std::optional<std::chrono::seconds> retry_after_;
};

}  // namespace alcove::webhooks

// Sends webhooks, many at once.
#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/webhooks/limits.hpp"
#include "server/webhooks/signature.hpp"
#include "server/webhooks/target.hpp"

namespace alcove::webhooks {

namespace asio = boost::asio;

struct SenderOptions {
    bool allow_private_targets = false;       // this machine and private networks too: for tests and inner services
    std::chrono::milliseconds timeout{5000};  // above 0; of a whole exchange, the look-up of the name included
    std::size_t concurrency_max = 256;        // above 0; exchanges at once, and idle connections that are kept
    std::size_t waiting_max = limits::waiting_max;

    // Exchanges at once of one group: so much that most are never held up, so little that it takes several groups
    // of slow receivers to hold up all the others.
    std::size_t group_concurrency_max() const { return std::max<std::size_t>(1, concurrency_max / 4); }
};

// One webhook to one receiver, at one time.
struct Delivery {
    std::string group{};  // who shares a part of the turns, such as a workspace
    std::string url{};    // as CallbackUrl has it
    CustomHeaders headers{};
    std::string id{};                      // webhook-id: the same whenever it is sent again; visible ASCII, no dot
    std::string body{};                    // JSON
    std::vector<WebhookSecret> secrets{};  // each signs; without any there is no webhook-signature
    std::int64_t timestamp_s = 0;  // webhook-timestamp: when this attempt is made; receivers refuse old ones
};

struct SendOutcome {
    unsigned status = 0;  // 0: no answer, or a success that broke off
    std::string error{};  // why it was not delivered, for a person; nothing of what the receiver sent
    std::chrono::milliseconds duration{0};              // of the exchange, without waiting for its turn
    std::optional<std::chrono::seconds> retry_after{};  // with 429 and 503; at most limits::retry_after_max
    bool is_ours = false;  // a failure of our own (no room to wait, the end): it says nothing of the receiver

    bool delivered() const { return status >= 200 && status < 300; }
};

// Operation: one thread runs libcurl's multi handle. A POST over HTTP/1.1 goes out with the headers of Standard
// Webhooks; any 2xx is success, all else a failure. Redirects are not followed, proxies of the environment not
// used, certificates verified by the system's authorities. Connections are kept and used again; one that turns out
// to be closed by then is replaced and the webhook sent on the new one, so the receiver may get it twice. Every
// address is judged when its socket is made, after the name was looked up, so an answer of DNS that changes gets
// past nothing; a connection that is used again was judged when it was made, by the same rule.
//
// Concurrency: send() from any thread; the coroutine goes on, on its own executor, whose context must outlive the
// sender. Above concurrency_max, or group_concurrency_max of their group, deliveries wait for their turn: groups by
// turns, first come first served within each. Above waiting_max or limits::waiting_bytes_max only what is the first
// of its group to wait is taken in. The destructor ends all that is under way or waits; their callers are told so.
// No send() after it began.
//
// Limitations: a lone send() cannot be cancelled; it ends within the timeout once its turn has come. A slow
// receiver takes as many of its group's turns as it is sent webhooks, and holds up the group: who sends should have
// few under way to each. A look-up of a name that the timeout cuts off goes on in its thread, unheard.
class Sender {
public:
    // Throws std::runtime_error when libcurl does not start.
    explicit Sender(SenderOptions options);
    ~Sender();
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    // Never throws for what a receiver does: that is an outcome.
    asio::awaitable<SendOutcome> send(Delivery delivery);

private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace alcove::webhooks

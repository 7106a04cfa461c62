// An HTTP/1.1 server for tests of what calls others: keeps what it is sent, answers as it is told, misbehaves on
// request.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace alcove::test {

struct ReceivedRequest {
    std::string method;
    std::string target;
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    std::size_t connection = 0;  // counted from 1: the same number, the same connection
    std::chrono::steady_clock::time_point at{};

    // Empty when it is absent.
    std::string header(const std::string& lower_case_name) const;
};

struct ReceiverReply {
    enum class Ending {
        whole,   // as it should be; the connection stays open
        close,   // the connection is closed without an answer
        cut,     // half of the body is sent, then the connection is closed
        silent,  // nothing is sent, and the connection stays open until the other side closes it
        stuck,   // half of the body is sent, and the connection stays open until the other side closes it
    };

    unsigned status = 200;
    std::vector<std::pair<std::string, std::string>> headers{};
    std::string body{};
    std::chrono::milliseconds delay{0};  // before anything of it
    Ending ending = Ending::whole;
    std::string raw{};  // when set, these bytes instead of an answer, and the connection is closed
};

// Operation: one thread serves any number of connections on 127.0.0.1, many at once.
//
// Concurrency: all members from any thread, except that start() and stop() are one thread's. The answer is made on
// the receiver's thread, so it must not block: `delay` and `ending` make a slow one.
//
// Limitations: requests are kept until clear(); no TLS.
class Receiver {
public:
    using Answer = std::function<ReceiverReply(const ReceivedRequest&)>;

    // Port 0: any free one. Throws boost::system::system_error when the port is taken.
    explicit Receiver(Answer answer = ok, std::uint16_t port = 0);
    ~Receiver();  // calls stop()
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;

    std::uint16_t port() const { return port_; }
    std::string url(const std::string& target = "/hook") const;

    // From the next request on.
    void answer_with(Answer answer);

    // All so far, in the order in which they came; each stands there before it is answered.
    std::vector<ReceivedRequest> requests() const;
    void clear();

    // Whether there are that many before the time is over.
    bool wait_for(std::size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(20)) const;

    // Closes the port and all connections. What was received stays.
    void stop();
    // Listens on the same port again. Nothing when it does already.
    void start();

private:
    using Socket = boost::asio::ip::tcp::socket;

    static ReceiverReply ok(const ReceivedRequest&) { return {}; }
    boost::asio::awaitable<void> listen(boost::asio::ip::tcp::acceptor acceptor);
    boost::asio::awaitable<void> serve(Socket socket);
    ReceiverReply take(ReceivedRequest request);

    std::uint16_t port_;

    mutable std::mutex mutex_;
    mutable std::condition_variable received_;
    Answer answer_;
    std::vector<ReceivedRequest> requests_;

    std::size_t connections_ = 0;  // the thread's own
    std::unique_ptr<boost::asio::io_context> context_;
    std::thread thread_;
};

}  // namespace alcove::test

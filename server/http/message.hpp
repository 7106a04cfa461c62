// One HTTP exchange as the product sees it: the request that came, the response to be sent, the body on demand.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/channel.hpp"

namespace alcove::http {

namespace asio = boost::asio;

enum class Method : std::uint8_t { get, head, put, post, patch, delete_, options, other };
// As requests spell it; empty for `other`.
std::string_view to_string(Method method);

struct Header {
    std::string_view name;  // as it came; compare without regard to case
    std::string_view value;
};

// Views point into the connection's buffers and hold until the exchange ends.
struct Request {
    Method method = Method::other;
    std::string_view method_text;
    std::string_view target;  // path, and '?' and query when there is one, undecoded
    std::string_view path;    // undecoded
    std::string_view query;   // undecoded, without '?'; empty when there is none
    bool has_query = false;
    unsigned version = 11;  // or 10
    std::vector<Header> headers;
    std::string_view id;      // unique per request; sent as X-Request-Id
    std::string_view remote;  // "127.0.0.1:51234"

    // The first header of that name (lower case), or nullopt.
    std::optional<std::string_view> header(std::string_view lower_case_name) const;
    // How many headers of that name there are.
    std::size_t count(std::string_view lower_case_name) const;
};

// A body that is made while it is sent, so that its size costs no memory. The session asks for a piece once the one
// before has gone out, so a slow reader slows it down. Used on the connection's executor only, and destroyed there
// when all is sent or the peer is gone. It outlives serve(): it must not refer to what serve() holds.
class BodySource {
public:
    enum class Step : std::uint8_t {
        more,    // ask again; the piece may be empty
        last,    // the body ends with this piece, which may be empty
        broken,  // it cannot be brought to its end: the connection is cut, so that the client notices
    };

    virtual ~BodySource() = default;

    // Appends the next piece to `piece`, which is empty. Some 64 KiB are a good size. An exception counts as
    // broken, and is told to Service::failed().
    virtual asio::awaitable<Step> next(std::string& piece) = 0;
};

// A part of an open file, as the body of a response. It goes out straight from the file, with its length in front,
// and costs no memory however large it is. Used on the connection's executor only, and destroyed there when all is
// sent or the peer is gone.
class FileSource {
public:
    FileSource(int descriptor, std::uint64_t offset, std::uint64_t size)
        : descriptor_(descriptor), offset_(offset), size_(size) {}
    virtual ~FileSource() = default;

    int descriptor() const { return descriptor_; }
    std::uint64_t offset() const { return offset_; }  // in the file
    std::uint64_t size() const { return size_; }      // from there

    // Called before that part is sent: returns when sending it will not wait for the disk. An exception cuts the
    // connection, and is told to Service::failed().
    virtual asio::awaitable<void> fetch(std::uint64_t offset, std::size_t bytes) = 0;

private:
    int descriptor_;
    std::uint64_t offset_;
    std::uint64_t size_;
};

// What is sent. Content-Length, Transfer-Encoding, Date, Connection, Server and X-Request-Id are the session's, not
// the handler's.
struct Response {
    unsigned status = 200;
    std::string headers;  // complete lines, each ending in "\r\n"
    std::string body;     // for HEAD the session sends its length only
    // In place of `body` when it is set. It goes out in chunks, to HTTP/1.0 up to the end of the connection; HEAD
    // and a status without a body get the header alone, and no piece is asked for.
    std::unique_ptr<BodySource> source;
    // Likewise in place of `body`.
    std::unique_ptr<FileSource> file;
    // In place of both: goes on with the connection behind the head, which says nothing of a length. The status is
    // 101, or that of a body that ends with the connection. Not for requests whose body is not read.
    std::unique_ptr<Takeover> takeover;

    // `value` must not hold CR or LF; name is written as given. Values that come from data are checked before.
    void set(std::string_view name, std::string_view value);
    void clear();
};

enum class BodyError : std::uint8_t {
    too_large,  // more than the limit: 413
    timeout,    // no progress, or too slow: 408
    malformed,  // bad chunk framing: 400
    closed,     // the peer went away; nobody is there to answer
};

// State that the service keeps for a connection (who was authenticated); destroyed with it.
class ConnectionState {
public:
    virtual ~ConnectionState() = default;
};

class Exchange {
public:
    Request request;
    Response response;
    std::unique_ptr<ConnectionState>* connection_state = nullptr;

    // The service's own notes about the request, for sent(); they are as here when serve() begins.
    std::uint16_t route = 0;
    bool is_timed = true;  // false: its duration says nothing of the server, as with a long poll

    // Reads the whole body, at most bytes_max; answers `Expect: 100-continue` before it waits for the first byte.
    // At most once per exchange. A body that is not read is skipped when small, else the connection is closed
    // after the response. The view holds until the exchange ends.
    virtual asio::awaitable<boost::system::result<std::string_view, BodyError>> read_body(
        std::size_t bytes_max) = 0;

    // Reads the body piece by piece, in constant memory whatever its size: the bytes that came next, empty at its
    // end. The view holds until the next call. The limits and deadlines are those of read_body(), except that the
    // time between two calls is not the peer's. Not together with read_body(); after an error it is not called
    // again.
    virtual asio::awaitable<boost::system::result<std::string_view, BodyError>> read_some(
        std::uint64_t bytes_max) = 0;

    // Whether a body was announced (Content-Length above 0, or chunked).
    virtual bool has_body() const = 0;

protected:
    ~Exchange() = default;
};

class Server;

// Serves exchanges. One Service serves all connections on all threads.
class Service {
public:
    virtual ~Service() = default;

    // Fills exchange.response. Everything of one connection runs on its own executor. An exception becomes
    // internal_error(); nothing is sent before it returns.
    virtual asio::awaitable<void> serve(Exchange& exchange) = 0;

    // The product's error shapes for what the protocol itself refuses (400, 408, 413, 414, 431, 500, 501, 503,
    // 505). `code` is an upper-case word such as "TOO_LARGE". Of a request that could not be read, what was read.
    virtual void protocol_error(const Request& request, Response& response, unsigned status, std::string_view code,
                                std::string_view message) = 0;

    // After the response was sent; for the access log and the metrics. `bytes` of body. On the connection's thread.
    virtual void sent(const Exchange& exchange, std::size_t bytes, std::chrono::nanoseconds duration) = 0;

    // Called once, before any of the others. The server can be asked about itself until its stop() returns.
    virtual void starting(const Server& server) { static_cast<void>(server); }

    // The server stops: waits that could outlast its grace (long polls) should end now. Called once, on a thread
    // that is none of the server's.
    virtual void stopping() {}

    // A handler threw, or the server itself met an error; `request` is empty then.
    virtual void failed(const Request& request, std::string_view what) = 0;
};

}  // namespace alcove::http

// Writes a response's bytes into a flat buffer: sizes first, then plain copies.
#include "server/http/serializer.hpp"

#include <charconv>
#include <cstring>

#include "server/http/limits.hpp"

namespace alcove::http {

namespace {

// Covers the status line and every header that is ours.
constexpr std::size_t own_bytes_max = 320;

class Cursor {
public:
    explicit Cursor(char* begin) : begin_(begin), at_(begin) {}

    void put(std::string_view text) {
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }
    void put(std::size_t number) { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
    std::size_t bytes() const { return static_cast<std::size_t>(at_ - begin_); }

private:
    char* begin_;
    char* at_;
};

unsigned sendable(unsigned status) {
    return status >= 200 && status <= 599 ? status : 500;
}

void put_status_and_date(Cursor& cursor, unsigned status, std::string_view date) {
    if (status == 200) {
        cursor.put("HTTP/1.1 200 OK\r\nServer: alcove\r\nDate: ");
    } else {
        cursor.put("HTTP/1.1 ");
        cursor.put(std::size_t{status});
        cursor.put(" ");
        cursor.put(reason_phrase(status));
        cursor.put("\r\nServer: alcove\r\nDate: ");
    }
    cursor.put(date);
}

void put_rest_of_head(Cursor& cursor, const Response& response, std::string_view id, Persistence persistence) {
    cursor.put("\r\nX-Request-Id: ");
    cursor.put(id);
    if (persistence == Persistence::close) {
        cursor.put("\r\nConnection: close\r\n");
    } else if (persistence == Persistence::keep_alive) {
        cursor.put("\r\nConnection: keep-alive\r\n");
    } else if (persistence == Persistence::upgrade) {
        cursor.put("\r\nConnection: Upgrade\r\n");
    } else {
        cursor.put("\r\n");
    }
    cursor.put(response.headers);
    cursor.put("\r\n");
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
    switch (status) {
        case 101:
            return "Switching Protocols";
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 206:
            return "Partial Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 307:
            return "Temporary Redirect";
        case 308:
            return "Permanent Redirect";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 406:
            return "Not Acceptable";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 410:
            return "Gone";
        case 411:
            return "Length Required";
        case 412:
            return "Precondition Failed";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 416:
            return "Range Not Satisfiable";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 426:
            return "Upgrade Required";
        case 428:
            return "Precondition Required";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        case 507:
            return "Insufficient Storage";
        default:
            return "Unknown";
    }
}

bool carries_body(Method method, unsigned status) {
    return method != Method::head && status != 204 && status != 304;
}

std::string_view append_response(Buffer& out, const Response& response, Method method, std::string_view id,
                                 std::string_view date, Persistence persistence) {
    auto status = sendable(response.status);
    auto body = carries_body(method, status) ? std::string_view(response.body) : std::string_view();
    auto copied = body.size() <= limits::copied_body_bytes_max;

    auto bytes_max = own_bytes_max + response.headers.size() + (copied ? body.size() : 0);
    Cursor cursor(out.prepare(bytes_max));
    put_status_and_date(cursor, status, date);
    if (status != 204 && status != 304) {
        cursor.put("\r\nContent-Length: ");
        cursor.put(response.body.size());
    }
    put_rest_of_head(cursor, response, id, persistence);
    if (copied && !body.empty()) cursor.put(body);
    out.commit(cursor.bytes());
    return copied ? std::string_view() : body;
}

void append_stream_head(Buffer& out, const Response& response, Framing framing, std::string_view id,
                        std::string_view date, Persistence persistence) {
    auto status = response.status == 101 ? 101 : sendable(response.status);
    Cursor cursor(out.prepare(own_bytes_max + response.headers.size()));
    put_status_and_date(cursor, status, date);
    if (status != 204 && status != 304) {
        if (framing == Framing::chunked) cursor.put("\r\nTransfer-Encoding: chunked");
        if (framing == Framing::sized) {
            cursor.put("\r\nContent-Length: ");
            cursor.put(std::size_t{response.file->size()});
        }
    }
    put_rest_of_head(cursor, response, id, persistence);
    out.commit(cursor.bytes());
}

void append_chunk_begin(Buffer& out, std::size_t bytes) {
    char digits[16];
    auto end = std::to_chars(digits, digits + sizeof digits, bytes, 16).ptr;
    out.append({digits, static_cast<std::size_t>(end - digits)});
    out.append("\r\n");
}

}  // namespace alcove::http

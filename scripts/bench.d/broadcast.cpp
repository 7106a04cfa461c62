// The ceiling of watches: a bare WebSocket broadcast on Boost.Beast, one thread, with nothing behind it.
//
// broadcast PORT
// Who connects with the path /publish sends messages. Each is told to all who connected with another path, and
// answered with "ok" once the last of them has been handed its bytes. These are greeted with {"t":"ok"}.
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;

using Message = std::shared_ptr<const std::string>;

class Session;
using Room = std::unordered_set<Session*>;

class Session : public std::enable_shared_from_this<Session> {
public:
    Session(tcp::socket socket, Room& room) : stream_(std::move(socket)), room_(room) {}
    ~Session() { room_.erase(this); }
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    void begin() {
        http::async_read(stream_.next_layer(), buffer_, request_,
                         [self = shared_from_this()](error_code error, std::size_t) {
                             if (!error) self->accept();
                         });
    }

    void tell(Message message) {
        queue_.push_back(std::move(message));
        if (queue_.size() == 1) write();
    }

private:
    void accept() {
        stream_.auto_fragment(false);
        stream_.text(true);
        stream_.async_accept(request_, [self = shared_from_this()](error_code error) {
            if (!error) self->join();
        });
    }

    void join() {
        publishes_ = request_.target() == "/publish";
        if (!publishes_) {
            static const Message greeting = std::make_shared<const std::string>(R"({"t":"ok"})");
            room_.insert(this);
            tell(greeting);
        }
        read();
    }

    void read() {
        stream_.async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) {
            if (error) return self->leave();
            if (self->publishes_) self->publish();
            self->buffer_.clear();
            self->read();
        });
    }

    // The last queue to let go of the message acknowledges it.
    void publish() {
        const auto acknowledge = [publisher = weak_from_this()](const std::string* told) {
            static const Message answer = std::make_shared<const std::string>("ok");
            delete told;
            if (const auto self = publisher.lock()) self->tell(answer);
        };
        const Message message(new std::string(beast::buffers_to_string(buffer_.data())), acknowledge);
        for (Session* session : room_)
            session->tell(message);
    }

    void write() {
        stream_.async_write(asio::buffer(*queue_.front()),
                            [self = shared_from_this()](error_code error, std::size_t) {
                                if (error) return self->leave();
                                self->queue_.pop_front();
                                if (!self->queue_.empty()) self->write();
                            });
    }

    void leave() {
        room_.erase(this);
        error_code ignored;
        stream_.next_layer().close(ignored);
    }

    websocket::stream<tcp::socket, false> stream_;
    Room& room_;
    beast::flat_buffer buffer_;
    http::request<http::empty_body> request_;
    std::deque<Message> queue_;
    bool publishes_ = false;
};

void accept_all(tcp::acceptor& acceptor, Room& room) {
    acceptor.async_accept([&](error_code error, tcp::socket socket) {
        if (!error) {
            socket.set_option(tcp::no_delay(true), error);
            std::make_shared<Session>(std::move(socket), room)->begin();
        }
        accept_all(acceptor, room);
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) return std::fputs("usage: broadcast PORT\n", stderr), 2;
    const auto port = static_cast<unsigned short>(std::strtoul(argv[1], nullptr, 10));
    Room room;
    asio::io_context context(1);
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), port));
    accept_all(acceptor, room);
    context.run();
}

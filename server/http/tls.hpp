// TLS as a server speaks it: a certificate with its key, and one connection's side of it.
#pragma once

#include <openssl/types.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace alcove::http {

// A certificate with its chain and its private key, ready to serve. TLS 1.2 and 1.3, with the suites of "Mozilla
// intermediate": forward secrecy and authenticated encryption only. Resumption is by tickets, which the server need
// not remember; no renegotiation, no compression. Of ALPN it takes http/1.1.
//
// Constant once it is made; thread-safe. Streams that were made from it go on when it is gone.
class Certificate {
public:
    // PEM files: the certificate, then its chain; and its key, without a passphrase. Throws std::runtime_error that
    // names the file and what is wrong with it, also when the two do not belong together.
    Certificate(const std::string& certificate_file, const std::string& key_file);
    ~Certificate();
    Certificate(const Certificate&) = delete;
    Certificate& operator=(const Certificate&) = delete;

    // For the log: whom it names, and its last moment in seconds since 1970.
    std::string subject() const;
    std::int64_t expires_s() const;

private:
    friend class TlsStream;
    SSL_CTX* context_;
};

// One socket's TLS, which must not block. Like the socket, it belongs to one thread.
class TlsStream {
public:
    TlsStream(const Certificate& certificate, int socket);
    ~TlsStream();
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;

    // Goes on with the handshake: 1 once it is done, -1 with errno EAGAIN when it has to wait for the socket, and
    // with another one when it failed.
    int shake_hands();
    bool begun() const;  // whether something of it came

    // As ::recv and ::send are: how many bytes, 0 at the peer's end, -1 with errno; EAGAIN when the socket has to
    // be waited for. What ::send did not take must begin the next one.
    ssize_t receive(std::span<char> room);
    ssize_t send(std::string_view bytes);

    // Says that nothing more comes, as far as the socket takes it now.
    void say_end();

private:
    int fail(int outcome);

    SSL* ssl_;
    bool broken_ = false;
};

// The most that one record holds.
inline constexpr std::size_t tls_record_bytes = std::size_t{16} << 10;

// Whether a client that said this first speaks TLS.
inline bool begins_tls(char first) {
    return first == 0x16;  // the record type of a handshake
}

}  // namespace alcove::http

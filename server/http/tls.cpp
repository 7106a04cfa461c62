#include "server/http/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <limits>
#include <new>
#include <stdexcept>
#include <system_error>

namespace alcove::http {

namespace {

constexpr const char* suites_of_tls_1_2 = "ECDHE+AESGCM:ECDHE+CHACHA20";

[[noreturn]] void fail(const std::string& file, const std::string& what) {
    const auto code = ::ERR_peek_error();  // the first one is the cause
    const char* reason = ::ERR_reason_error_string(code);
    std::string why = reason == nullptr ? "it is not known why" : reason;
    if (ERR_SYSTEM_ERROR(code)) why = std::generic_category().message(ERR_GET_REASON(code));
    ::ERR_clear_error();
    throw std::runtime_error(file + " " + what + ": " + why);
}

// The only protocol there is. Who offers others alone is told that none fits, as RFC 7301 has it.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes, const unsigned char* offered,
                    unsigned offered_bytes, void*) {
    static constexpr std::array<unsigned char, 9> ours = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* found = nullptr;
    const auto outcome =
        ::SSL_select_next_proto(&found, chosen_bytes, ours.data(), ours.size(), offered, offered_bytes);
    *chosen = found;
    return outcome == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// A passphrase is not asked for on the terminal of a server.
int no_passphrase(char*, int, int, void*) {
    return 0;
}

int clamp_to_int(std::size_t bytes) {
    return static_cast<int>(std::min(bytes, std::size_t{std::numeric_limits<int>::max()}));
}

}  // namespace

Certificate::Certificate(const std::string& certificate_file, const std::string& key_file)
    : context_(::SSL_CTX_new(::TLS_server_method())) {
    if (context_ == nullptr) throw std::bad_alloc();
    std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> guard(context_, ::SSL_CTX_free);
    ::ERR_clear_error();
    ::SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
    ::SSL_CTX_set_cipher_list(context_, suites_of_tls_1_2);
    ::SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                        SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // What waits between two requests must not cost the buffers of a record in each direction.
    ::SSL_CTX_set_mode(
        context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    ::SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
    ::SSL_CTX_set_alpn_select_cb(context_, choose_protocol, nullptr);
    ::SSL_CTX_set_default_passwd_cb(context_, no_passphrase);
    if (::SSL_CTX_use_certificate_chain_file(context_, certificate_file.c_str()) != 1)
        fail(certificate_file, "holds no certificate that can be used");
    if (::SSL_CTX_use_PrivateKey_file(context_, key_file.c_str(), SSL_FILETYPE_PEM) != 1)
        fail(key_file, "holds no key that fits " + certificate_file);
    if (::SSL_CTX_check_private_key(context_) != 1) fail(key_file, "holds no key that fits " + certificate_file);
    static_cast<void>(guard.release());
}

Certificate::~Certificate() {
    ::SSL_CTX_free(context_);
}

std::string Certificate::subject() const {
    const X509* certificate = ::SSL_CTX_get0_certificate(context_);
    const std::unique_ptr<BIO, int (*)(BIO*)> text(::BIO_new(::BIO_s_mem()), ::BIO_free);
    ::X509_NAME_print_ex(text.get(), ::X509_get_subject_name(certificate), 0,
                         XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    char* bytes = nullptr;
    const auto size = BIO_get_mem_data(text.get(), &bytes);
    return {bytes, static_cast<std::size_t>(std::max(size, 0L))};
}

std::int64_t Certificate::expires_s() const {
    std::tm moment{};
    ::ASN1_TIME_to_tm(::X509_get0_notAfter(::SSL_CTX_get0_certificate(context_)), &moment);
    return ::timegm(&moment);
}

TlsStream::TlsStream(const Certificate& certificate, int socket) : ssl_(::SSL_new(certificate.context_)) {
    if (ssl_ == nullptr || ::SSL_set_fd(ssl_, socket) != 1) throw std::bad_alloc();
    ::SSL_set_accept_state(ssl_);
}

TlsStream::~TlsStream() {
    ::SSL_free(ssl_);
}

// As the system's calls fail. Errors of earlier calls must not be taken for this one's: each begins with
// ERR_clear_error().
int TlsStream::fail(int outcome) {
    switch (::SSL_get_error(ssl_, outcome)) {
        case SSL_ERROR_WANT_READ:
        case SSL_ERROR_WANT_WRITE:
            errno = EAGAIN;
            return -1;
        case SSL_ERROR_ZERO_RETURN:
            return 0;
        default:
            broken_ = true;
            errno = ECONNRESET;
            return -1;
    }
}

bool TlsStream::begun() const {
    return ::SSL_in_before(ssl_) == 0;
}

int TlsStream::shake_hands() {
    ::ERR_clear_error();
    const auto outcome = ::SSL_do_handshake(ssl_);
    if (outcome == 1) return 1;
    const auto failed = fail(outcome);
    if (failed == 0) errno = ECONNRESET;
    return -1;
}

ssize_t TlsStream::receive(std::span<char> room) {
    ::ERR_clear_error();
    const auto received = ::SSL_read(ssl_, room.data(), clamp_to_int(room.size()));
    return received > 0 ? received : fail(received);
}

ssize_t TlsStream::send(std::string_view bytes) {
    ::ERR_clear_error();
    const auto sent = ::SSL_write(ssl_, bytes.data(), clamp_to_int(bytes.size()));
    if (sent > 0) return sent;
    if (fail(sent) == 0) errno = EPIPE;
    return -1;
}

void TlsStream::say_end() {
    // Not after an error: the peer could take it for a whole end.
    if (broken_ || ::SSL_is_init_finished(ssl_) != 1) return;
    ::ERR_clear_error();
    ::SSL_shutdown(ssl_);
    ::ERR_clear_error();
}

}  // namespace alcove::http

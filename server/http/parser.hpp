// Parses the head of a request and the framing of its body, keeping only offsets into the connection's buffer.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "server/http/buffer.hpp"
#include "server/http/message.hpp"

namespace alcove::http {

// Why a request is refused before a service sees it. The texts are literals.
struct Refusal {
    unsigned status = 0;  // 0: not refused
    std::string_view code;
    std::string_view message;
};

// What a parser found. One per connection, reused, so that its vector is allocated once.
class Head {
public:
    // Makes the views of `request`; `begin` is where the first byte of the request lies now.
    void fill(Request& request, const char* begin) const;
    void clear();

    unsigned version = 11;  // 10 or 11
    bool expects_continue = false;

private:
    friend class Parser;

    struct Span {
        std::uint32_t offset = 0;
        std::uint32_t size = 0;
    };
    struct Field {
        Span name;
        Span value;
    };

    std::string_view view(Span span, const char* begin) const { return {begin + span.offset, span.size}; }

    Method method_ = Method::other;
    Span method_text_;
    Span target_;
    std::vector<Field> fields_;
};

// Splits a target into path and query. False when it is none of the forms of RFC 9112, section 3.2.
// An absolute target ("http://host/path") counts as its path.
bool split_target(Request& request);

// One per request. First parse_head() until it is done, then, for a chunked body, parse_chunks().
class Parser final : private boost::beast::http::basic_parser<true> {
public:
    enum class Progress : std::uint8_t { need_more, done, refused };

    explicit Parser(Head& head);

    // `input` is all that has arrived since the request's first byte; its buffer may have moved since the last
    // call. When done, head_bytes() of it are the head.
    Progress parse_head(std::string_view input);
    std::size_t head_bytes() const { return consumed_; }
    const Refusal& refusal() const { return refusal_; }

    // Holds once the head is done.
    bool keep_alive() const { return basic_parser::keep_alive(); }
    bool is_chunked() const { return basic_parser::chunked(); }
    std::uint64_t content_bytes() const;  // 0 when chunked

    // Decodes chunks from `input` and appends them to `body` (null: drops them). Returns the bytes consumed; call
    // again with what is left and what has arrived. Refused as 413 once the body would exceed `bytes_max`, else
    // as 400, also when there is far more framing than content.
    std::size_t parse_chunks(std::string_view input, Buffer* body, std::size_t bytes_max, Progress& progress);

private:
    using Error = boost::beast::error_code;
    using Text = boost::beast::string_view;
    using Verb = boost::beast::http::verb;
    using Name = boost::beast::http::field;

    void on_request_impl(Verb method, Text method_text, Text target, int version, Error& error) override;
    void on_response_impl(int code, Text reason, int version, Error& error) override;
    void on_field_impl(Name name, Text name_text, Text value, Error& error) override;
    void on_header_impl(Error& error) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>& bytes, Error& error) override;
    std::size_t on_body_impl(Text bytes, Error& error) override;
    void on_chunk_header_impl(std::uint64_t bytes, Text extension, Error& error) override;
    std::size_t on_chunk_body_impl(std::uint64_t remain, Text bytes, Error& error) override;
    void on_finish_impl(Error& error) override;

    Head::Span span(Text text) const;
    void refuse(Refusal why, Error& error);
    Progress give_up(const Error& error);

    Head& head_;
    std::string_view input_;    // what parse_head() was given
    std::size_t consumed_ = 0;  // of it
    Refusal refusal_;
    bool line_done_ = false;
    bool has_transfer_encoding_ = false;
    unsigned hosts_ = 0;
    unsigned lengths_ = 0;
    Buffer* body_ = nullptr;
    std::uint64_t body_bytes_ = 0;     // announced by chunks
    std::uint64_t decoded_bytes_ = 0;  // of those
    std::uint64_t chunked_bytes_ = 0;  // read for them
    std::uint64_t body_bytes_max_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace alcove::http

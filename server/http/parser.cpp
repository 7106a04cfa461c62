// Beast's basic_parser does the grammar; here is what is kept of it and what is refused beyond it.
#include "server/http/parser.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <functional>

#include "server/http/limits.hpp"
#include "server/http/text.hpp"

namespace alcove::http {

namespace beast = boost::beast;

namespace {

constexpr Refusal bad_request(std::string_view message) {
    return {400, "BAD_REQUEST", message};
}
constexpr Refusal target_too_long = {414, "URI_TOO_LONG", "the request target is too long"};
constexpr Refusal header_too_large = {431, "HEADER_TOO_LARGE", "the request header is too large"};
constexpr Refusal bad_length = bad_request("Content-Length is malformed or repeated");
constexpr Refusal mostly_framing = bad_request("the chunks are more framing than content");
constexpr Refusal body_too_large = {413, "TOO_LARGE", "the body is too large"};
constexpr Refusal bad_version = {505, "HTTP_VERSION_NOT_SUPPORTED", "only HTTP/1.0 and HTTP/1.1 are spoken here"};
constexpr Refusal bad_coding = {501, "NOT_IMPLEMENTED", "the only transfer coding understood is chunked"};

Method method_of(beast::http::verb verb) {
    using beast::http::verb;
    switch (verb) {
        case verb::get:
            return Method::get;
        case verb::head:
            return Method::head;
        case verb::put:
            return Method::put;
        case verb::post:
            return Method::post;
        case verb::patch:
            return Method::patch;
        case verb::delete_:
            return Method::delete_;
        case verb::options:
            return Method::options;
        default:
            return Method::other;
    }
}

// Whether the request line that begins `input` has three parts, the last of which is a version of HTTP.
bool names_a_version(std::string_view input) {
    auto line = input.substr(0, input.find('\r'));
    auto first_space = line.find(' ');
    auto second_space = first_space == std::string_view::npos ? first_space : line.find(' ', first_space + 1);
    if (second_space == std::string_view::npos) return false;
    auto version = line.substr(second_space + 1);
    auto digit = [](char c) { return c >= '0' && c <= '9'; };
    return version.size() == 8 && version.starts_with("HTTP/") && digit(version[5]) && version[6] == '.' &&
           digit(version[7]);
}

bool within(beast::string_view part, std::string_view whole) {
    return std::less_equal<>()(whole.data(), part.data()) &&
           std::less_equal<>()(part.data() + part.size(), whole.data() + whole.size());
}

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

// What may stand in a host and a port: neither white space, nor what ends an authority, nor the '@' of user names.
bool is_host(std::string_view text) {
    constexpr std::string_view allowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!$&'()*+,;=:[]";
    return text.find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace

void Head::clear() {
    version = 11;
    expects_continue = false;
    method_ = Method::other;
    method_text_ = {};
    target_ = {};
    fields_.clear();
}

void Head::fill(Request& request, const char* begin) const {
    request.method = method_;
    request.method_text = view(method_text_, begin);
    request.target = view(target_, begin);
    request.headers.clear();
    for (const auto& field : fields_) {
        request.headers.push_back({view(field.name, begin), view(field.value, begin)});
    }
}

bool split_target(Request& request) {
    auto rest = request.target;
    if (rest.find('#') != std::string_view::npos) return false;
    if (rest == "*" && request.method == Method::options) {
        request.path = rest;
        return true;
    }
    if (!rest.starts_with('/')) {
        constexpr std::string_view separator = "://";
        auto scheme_bytes = rest.find(separator);
        if (scheme_bytes == std::string_view::npos) return false;
        auto scheme = rest.substr(0, scheme_bytes);
        if (!equals(scheme, "http") && !equals(scheme, "https")) return false;
        rest.remove_prefix(scheme_bytes + separator.size());
        auto authority = rest.substr(0, rest.find_first_of("/?"));
        if (authority.empty() || !is_host(authority)) return false;
        rest.remove_prefix(authority.size());
    }
    auto mark = rest.find('?');
    request.has_query = mark != std::string_view::npos;
    request.path = rest.substr(0, mark);
    if (request.path.empty()) request.path = "/";
    if (request.has_query) request.query = rest.substr(mark + 1);
    return true;
}

Parser::Parser(Head& head) : head_(head) {
    header_limit(std::numeric_limits<std::uint32_t>::max() / 2);  // ours are checked here
    body_limit(boost::none);
    head_.clear();
}

Parser::Progress Parser::parse_head(std::string_view input) {
    input_ = input;
    Error error;
    consumed_ += put(asio::const_buffer(input.data() + consumed_, input.size() - consumed_), error);
    auto bytes = !error ? consumed_ : input.size();
    if (!line_done_ && !refusal_.status && input.size() > limits::target_bytes_max + 64) {
        refusal_ = target_too_long;
    } else if (bytes > limits::header_bytes_max && !refusal_.status) {
        refusal_ = header_too_large;
    }
    if (refusal_.status) return Progress::refused;
    if (error == beast::http::error::need_more) return Progress::need_more;
    if (error) return give_up(error);
    return is_header_done() ? Progress::done : Progress::need_more;
}

// Turns a grammar error of Beast into the answer to it.
Parser::Progress Parser::give_up(const Error& error) {
    using Grammar = beast::http::error;
    switch (static_cast<Grammar>(error.value())) {
        case Grammar::bad_method:
            refusal_ = bad_request("the method is malformed");
            break;
        case Grammar::bad_target:
            refusal_ = bad_request("the request target holds a bad character");
            break;
        case Grammar::bad_version:
            refusal_ = names_a_version(input_) ? bad_version : bad_request("the request line is malformed");
            break;
        case Grammar::bad_field:
            refusal_ = bad_request("a header's name is malformed");
            break;
        case Grammar::bad_value:
            refusal_ = bad_request("a header's value is malformed");
            break;
        case Grammar::bad_line_ending:
            refusal_ = bad_request("a line does not end in CR LF");
            break;
        case Grammar::bad_content_length:
            refusal_ = bad_request("Content-Length is malformed or misplaced");
            break;
        case Grammar::multiple_content_length:
            refusal_ = bad_request("Content-Length is contradictory");
            break;
        case Grammar::bad_transfer_encoding:
            refusal_ = bad_request("Transfer-Encoding is misplaced");
            break;
        case Grammar::header_limit:
            refusal_ = header_too_large;
            break;
        default:
            refusal_ = bad_request("the request is malformed");
            break;
    }
    return Progress::refused;
}

std::uint64_t Parser::content_bytes() const {
    auto bytes = content_length();
    return bytes ? *bytes : 0;
}

std::size_t Parser::parse_chunks(std::string_view input, Buffer* body, std::size_t bytes_max, Progress& progress) {
    // Beast asserts that it is not asked about the last chunk with less, which is no whole end of a body anyway.
    constexpr std::string_view shortest_end = "0\r\n\r\n";
    progress = Progress::need_more;
    if (input.size() < shortest_end.size()) return 0;
    body_ = body;
    body_bytes_max_ = bytes_max;
    std::size_t consumed = 0;
    Error error;
    while (!is_done() && !error && consumed < input.size()) {
        consumed += put(asio::const_buffer(input.data() + consumed, input.size() - consumed), error);
    }
    chunked_bytes_ += consumed;
    auto framing_bytes = chunked_bytes_ - decoded_bytes_;
    auto framing_bytes_max = limits::framing_bytes_max + limits::framing_per_content_max * decoded_bytes_;
    if (!refusal_.status && framing_bytes > framing_bytes_max) refusal_ = mostly_framing;
    if (refusal_.status) {
        progress = Progress::refused;
    } else if (is_done()) {
        progress = Progress::done;
    } else if (error && error != beast::http::error::need_more) {
        progress = give_up(error);
    }
    return consumed;
}

Head::Span Parser::span(Text text) const {
    return {static_cast<std::uint32_t>(text.data() - input_.data()), static_cast<std::uint32_t>(text.size())};
}

void Parser::refuse(Refusal why, Error& error) {
    refusal_ = why;
    error = beast::http::error::bad_value;
}

void Parser::on_request_impl(Verb method, Text method_text, Text target, int version, Error& error) {
    line_done_ = true;
    if (target.size() > limits::target_bytes_max) return refuse(target_too_long, error);
    head_.method_ = method_of(method);
    head_.method_text_ = span(method_text);
    head_.target_ = span(target);
    head_.version = static_cast<unsigned>(version);
}

void Parser::on_field_impl(Name name, Text name_text, Text value, Error& error) {
    if (is_header_done()) return;  // a trailer: read past, never merged
    if (head_.fields_.size() == limits::headers_max) return refuse(header_too_large, error);
    // Beast joins the lines of a folded header elsewhere, except when all but one are empty.
    if (!within(value, input_) ||
        std::string_view(name_text.end(), value.begin()).find('\r') != std::string_view::npos) {
        return refuse(bad_request("a header is folded"), error);
    }
    head_.fields_.push_back({span(name_text), span(value)});
    switch (name) {
        case Name::host:
            ++hosts_;
            if (!is_host(view(value))) return refuse(bad_request("the Host header names no host"), error);
            break;
        case Name::content_length:
            // Two that agree, or a list of them, may mean something else to who passed the request on.
            ++lengths_;
            if (lengths_ > 1 || !is_number(view(value))) return refuse(bad_length, error);
            break;
        case Name::transfer_encoding:
            has_transfer_encoding_ = true;
            if (!beast::iequals(value, "chunked")) return refuse(bad_coding, error);
            break;
        case Name::expect:
            head_.expects_continue = beast::iequals(value, "100-continue");
            break;
        default:
            break;
    }
}

void Parser::on_header_impl(Error& error) {
    if (hosts_ > 1) return refuse(bad_request("there is more than one Host header"), error);
    if (head_.version == 10) {
        head_.expects_continue = false;
        if (has_transfer_encoding_) return refuse(bad_request("HTTP/1.0 has no transfer codings"), error);
    } else if (hosts_ == 0) {
        return refuse(bad_request("the Host header is missing"), error);
    }
}

void Parser::on_chunk_header_impl(std::uint64_t bytes, Text, Error& error) {
    if (bytes > body_bytes_max_ || body_bytes_ > body_bytes_max_ - bytes) return refuse(body_too_large, error);
    body_bytes_ += bytes;
}

std::size_t Parser::on_chunk_body_impl(std::uint64_t, Text bytes, Error&) {
    decoded_bytes_ += bytes.size();
    if (body_ != nullptr) body_->append({bytes.data(), bytes.size()});
    return bytes.size();
}

// A body of Content-Length never passes through here, and the rest has nothing to add.
void Parser::on_response_impl(int, Text, int, Error&) {}
void Parser::on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) {}
std::size_t Parser::on_body_impl(Text bytes, Error&) {
    return bytes.size();
}
void Parser::on_finish_impl(Error&) {}

}  // namespace alcove::http

// Heads, chunked bodies, targets and queries: how the bytes are cut into pieces makes no difference to what is
// read.
#include <algorithm>
#include <string>
#include <utility>

#include "scopes/text.hpp"
#include "server/http/parser.hpp"
#include "server/http/query.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace alcove::http {
namespace {

using fuzz::Block;
using fuzz::require;

constexpr std::size_t body_bytes_max = 512;

struct Read {
    Parser::Progress head = Parser::Progress::need_more;
    Parser::Progress body = Parser::Progress::need_more;
    std::string method, target, fields, content;
    unsigned version = 0;
    bool keep_alive = false, is_chunked = false, expects_continue = false;
    std::uint64_t content_bytes = 0;
    std::string rest;  // behind the request

    bool is_head() const { return head == Parser::Progress::done; }
    bool is_whole() const { return is_head() && (!is_chunked || body == Parser::Progress::done); }
    bool operator==(const Read&) const = default;
};

void check_target(Request& request) {
    const auto target = request.target;
    if (!split_target(request)) return;
    const auto within = [target](std::string_view part) {
        return part.data() >= target.data() && part.data() + part.size() <= target.data() + target.size();
    };
    require(request.path == "/" || request.path == "*" || within(request.path), "a path is a part of its target");
    require(request.path == "*" || request.path.starts_with('/'), "a path begins with a slash");
    require(request.path.find_first_of("?# ") == std::string_view::npos, "a path ends before its query");
    require(!request.has_query || within(request.query), "a query is a part of its target");
    require(!request.has_query || target.ends_with(request.query), "a query reaches to the end");

    auto query = Query::parse(request.query);
    if (!query) return;
    std::size_t named = 0;
    while (const auto name = query->first_unknown()) {
        require(!name->empty() && scopes::is_utf8(*name), "a parameter's name is text");
        require(scopes::is_utf8(query->take(*name).value()), "a parameter's value is text");
        ++named;
    }
    std::size_t pieces = 0;
    for (auto rest = request.query; !rest.empty();) {
        const auto end = std::min(rest.find('&'), rest.size());
        if (end != 0) ++pieces;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    require(named == pieces, "every piece of a query is a parameter");
}

void keep_head(const Head& head, const Parser& parser, const Block& arrived, Read& read) {
    Request request;
    head.fill(request, arrived.view().data());
    read.method = request.method_text;
    read.target = request.target;
    for (const auto& header : request.headers)
        read.fields.append(header.name).append("\n").append(header.value).append("\n");
    read.version = head.version;
    read.expects_continue = head.expects_continue;
    read.keep_alive = parser.keep_alive();
    read.is_chunked = parser.is_chunked();
    read.content_bytes = parser.content_bytes();

    require(request.count("host") == 1 || (head.version == 10 && request.count("host") == 0), "one Host, or 1.0");
    require(request.count("content-length") + request.count("transfer-encoding") <= 1, "one framing");
    require(read.is_chunked == (request.count("transfer-encoding") == 1), "chunked is what is announced as such");
    require(read.target.find_first_of(" \r\n\t") == std::string::npos, "a target holds no white space");
    const auto lines = arrived.view().substr(0, parser.head_bytes());
    const auto line_feeds = static_cast<std::size_t>(std::ranges::count(lines, '\n'));
    require(line_feeds == request.headers.size() + 2, "a header is one line");
    require(read.fields.find('\r') == std::string::npos && read.fields.find('\0') == std::string::npos,
            "headers are lines");
    check_target(request);
}

// As a session does it: all of the head is there at once in the end, a body is taken as it comes.
Read read_request(std::string_view input, const std::vector<std::size_t>& sizes) {
    Read read;
    Head head;
    Parser parser(head);
    Buffer body;
    std::string arrived;
    for (const auto size : sizes) {
        const auto piece = input.substr(0, std::min(size, input.size()));
        arrived.append(piece);
        input.remove_prefix(piece.size());
        if (arrived.empty()) continue;
        const Block block(arrived);
        if (read.head == Parser::Progress::need_more) {
            read.head = parser.parse_head(block.view());
            if (read.head == Parser::Progress::need_more) continue;
            if (!read.is_head()) return read;
            keep_head(head, parser, block, read);
            arrived.erase(0, parser.head_bytes());
            if (read.is_chunked && arrived.empty()) continue;
        }
        if (read.is_chunked && read.body == Parser::Progress::need_more) {
            const Block chunks(arrived);
            arrived.erase(0, parser.parse_chunks(chunks.view(), &body, body_bytes_max, read.body));
            require(body.size() <= body_bytes_max, "a body stays within its limit");
            if (read.body == Parser::Progress::refused) return read;
        }
    }
    read.content = body.view();
    read.rest = arrived;
    return read;
}

}  // namespace
}  // namespace alcove::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace alcove;
    FuzzedDataProvider in(data, size);
    const auto sizes = fuzz::take_piece_sizes(in);
    const auto input = in.ConsumeRemainingBytesAsString();
    const auto whole = http::read_request(input, {SIZE_MAX});
    const auto pieces = http::read_request(input, sizes);
    // What will not become a request may be refused sooner or later, and for the one or the other of two reasons.
    fuzz::require(whole.is_head() == pieces.is_head(), "pieces are a head where the whole is");
    fuzz::require(whole.is_whole() == pieces.is_whole(), "pieces are a request where the whole is");
    fuzz::require(!whole.is_whole() || whole == pieces, "and the same one");
    return 0;
}

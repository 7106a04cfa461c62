// Frames of a WebSocket and what a watch reads in them: pieces make the same messages, and none beyond its bound.
#include <string>

#include "scopes/text.hpp"
#include "server/http/websocket.hpp"
#include "server/watch/request.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace alcove {
namespace {

using fuzz::require;
using http::ClientMessage;
using Kind = ClientMessage::Kind;

constexpr std::size_t message_bytes_max = 300;

void check_request(std::string_view text) {
    const auto document = scopes::json::Document::parse(text);
    if (!document || document->root().type != scopes::json::Type::object) return;
    api::ObjectReader in(*document, document->root());
    const auto selector = watch::read_namespace(in, *document);
    const auto request = watch::read_watch_request(in, *document);
    if (in.finish()) return;
    require(!selector.workspace.empty(), "a namespace is in a workspace");
    require(request.prefix.size() <= kv::limits::key_bytes_max, "a prefix within its bound");
    require(!request.operations.empty(), "something is asked for");
    if (request.from.kind != watch::From::Kind::cursor) return;
    const auto& cursor = request.from.cursor;
    const auto again = api::parse_history_cursor(api::print_history_cursor(cursor.epoch, cursor.version));
    require(again && again->epoch == cursor.epoch && again->version == cursor.version, "a cursor reads back");
}

// One line for each message; the last is where it ends.
std::string read_messages(std::string_view input, const std::vector<std::size_t>& sizes) {
    std::string messages;
    http::MessageReader reader(message_bytes_max);
    std::string arrived;
    for (const auto size : sizes) {
        const auto piece = input.substr(0, std::min(size, input.size()));
        arrived.append(piece);
        input.remove_prefix(piece.size());
        for (;;) {
            fuzz::Block block(arrived);
            std::size_t consumed = 0;
            const auto message = reader.read({block.data(), block.size()}, consumed);
            require(consumed <= arrived.size(), "no more is used than there is");
            require(message.payload.size() <= message_bytes_max, "a message stays within its bound");
            if (message.kind == Kind::text) {
                require(scopes::is_utf8(message.payload), "a message is text");
                check_request(message.payload);
            }
            if (message.kind != Kind::none || consumed != 0) {
                messages.append(std::to_string(static_cast<int>(message.kind)));
                messages.append(" ").append(std::to_string(message.code.value_or(0)));
                messages.append(" ").append(message.payload).append("\n");
            }
            arrived.erase(0, consumed);
            if (message.kind == Kind::violation || message.kind == Kind::close) return messages;
            if (consumed == 0) break;
        }
        require(arrived.size() < reader.input_bytes_max(), "a frame that is allowed becomes whole");
    }
    return messages.append(std::to_string(arrived.size()));
}

}  // namespace
}  // namespace alcove

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace alcove;
    FuzzedDataProvider in(data, size);
    const auto sizes = fuzz::take_piece_sizes(in);
    const auto input = in.ConsumeRemainingBytesAsString();
    fuzz::require(read_messages(input, sizes) == read_messages(input, {SIZE_MAX}), "pieces make the same messages");
    check_request(input);
    return 0;
}

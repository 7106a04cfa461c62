// What a client asks of a watch, in a frame or in a query.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kv/types.hpp"
#include "server/api/cursor.hpp"
#include "server/api/namespaces.hpp"
#include "server/api/object_reader.hpp"
#include "server/http/query.hpp"
#include "server/watch/event_texts.hpp"

namespace alcove::watch {

struct From {
    enum class Kind : std::uint8_t { now, snapshot, cursor };
    Kind kind = Kind::now;
    api::HistoryCursor cursor{};
};

enum class Mode : std::uint8_t { every, latest };

// Which kinds of changes are told.
class Operations {
public:
    bool holds(kv::Change::Kind kind) const { return (bits_ >> static_cast<unsigned>(kind) & 1) != 0; }
    void add(kv::Change::Kind kind) { bits_ |= 1U << static_cast<unsigned>(kind); }
    bool empty() const { return bits_ == 0; }
    static Operations all();

private:
    unsigned bits_ = 0;
};

struct WatchRequest {
    std::string prefix;
    From from;
    Mode mode = Mode::every;
    Values values = Values::include;
    bool previous = false;
    Operations operations = Operations::all();
};

// The members of a `watch` frame; what does not fit is refused in `in`.
WatchRequest read_watch_request(api::ObjectReader& in, const api::json::Document& document);

// The parameters of `NS/watch`.
api::Result<WatchRequest> take_watch_request(http::Query& query);

// `now`, `snapshot` or a cursor; nullopt when it is none of these.
std::optional<From> parse_from(std::string_view text);

// The member `namespace` of a frame or a body.
api::NamespaceSelector read_namespace(api::ObjectReader& in, const api::json::Document& document);

}  // namespace alcove::watch

// Finds the route of a request by its method and path, and decodes what the path's captures hold.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/limits.hpp"
#include "server/http/message.hpp"

namespace alcove::http {

// Patterns are made of segments: a literal, `{name}` for one segment of at least one byte, and `{name...}`, last,
// for the whole rest, '/' included, which may be empty. `/kv/{key...}` matches `/kv/`, not `/kv`.
//
// The path is split on raw '/' first, then each segment is percent-decoded exactly once. Nothing is normalised: dot
// segments and empty segments are ordinary text. At each segment a literal goes before a capture and a capture
// before a rest. The path alone decides which pattern it is; only then is the method looked at.
class Router {
public:
    using Route = std::uint16_t;

    enum class Outcome : std::uint8_t { matched, not_found, method_not_allowed, bad_encoding };

    struct Param {
        std::string_view name;   // lives as long as the router
        std::string_view value;  // decoded; lives as long as the path, and as long as the match
    };

    class Match {
    public:
        Outcome outcome = Outcome::not_found;
        Route route = 0;
        std::string_view allow;  // for method_not_allowed: the value of `Allow`; lives as long as the router

        std::size_t size() const { return size_; }
        const Param& operator[](std::size_t i) const { return params_[i]; }  // in the order of the pattern
        // The capture of that name; empty when the pattern has none.
        std::string_view operator[](std::string_view name) const;

    private:
        friend class Router;
        std::array<Param, limits::route_params_max> params_;
        std::size_t size_ = 0;
        std::unique_ptr<char[]> decoded_;  // only for paths with a '%'
    };

    Router();

    // Throws std::invalid_argument for a malformed pattern and for one that is there already.
    void add(Method method, std::string_view pattern, Route route);

    // `path` is undecoded and without query. A route for GET answers HEAD too. Thread-safe once all is added;
    // allocates only when the path holds a '%'.
    Match match(Method method, std::string_view path) const;

private:
    static constexpr std::uint32_t none = 0;  // the root is nobody's child
    static constexpr std::size_t methods = static_cast<std::size_t>(Method::other) + 1;

    struct Literal {
        std::string text;
        std::uint32_t node;
    };

    struct Node {
        std::vector<Literal> literals;
        std::uint32_t capture = none;
        std::uint32_t rest = none;
        std::array<std::optional<Route>, methods> routes;
        std::array<std::vector<std::string>, methods> names;  // of the captures, per method's pattern
        std::string allow;                                    // empty when nothing ends here
    };

    struct Walk;

    std::uint32_t child(std::uint32_t parent, std::string_view segment, bool last);
    bool descend(Walk& walk, std::uint32_t node, std::size_t position) const;

    std::vector<Node> nodes_;
};

}  // namespace alcove::http

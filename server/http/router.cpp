// A tree of segments; matching walks it with the undecoded path and steps back where a more special branch ends.
#include "server/http/router.hpp"

#include <algorithm>
#include <boost/url/decode_view.hpp>
#include <boost/url/pct_string_view.hpp>
#include <cstring>
#include <stdexcept>

namespace alcove::http {

namespace {

namespace urls = boost::urls;

std::size_t index(Method method) {
    return static_cast<std::size_t>(method);
}

[[noreturn]] void refuse(std::string_view pattern, std::string_view why) {
    throw std::invalid_argument("route '" + std::string(pattern) + "': " + std::string(why));
}

bool is_capture(std::string_view segment) {
    return segment.starts_with('{') && segment.ends_with('}');
}
bool is_rest(std::string_view segment) {
    return is_capture(segment) && segment.ends_with("...}");
}

}  // namespace

// What is known while a path is matched.
struct Router::Walk {
    std::string_view path;
    std::array<std::string_view, limits::route_params_max> values;
    std::size_t size = 0;
    char* decoded = nullptr;  // where the next decoded segment goes; null when the path holds no '%'
    std::uint32_t found = none;

    std::string_view decode(std::string_view segment) {
        if (decoded == nullptr || std::memchr(segment.data(), '%', segment.size()) == nullptr) return segment;
        auto encoded = urls::make_pct_string_view(segment).value();  // match() has looked at the whole path
        auto view = *encoded;
        auto* end = std::copy(view.begin(), view.end(), decoded);
        auto text = std::string_view(decoded, static_cast<std::size_t>(end - decoded));
        decoded = end;
        return text;
    }
};

std::string_view Router::Match::operator[](std::string_view name) const {
    for (std::size_t i = 0; i < size_; ++i) {
        if (params_[i].name == name) return params_[i].value;
    }
    return {};
}

Router::Router() : nodes_(1) {}

void Router::add(Method method, std::string_view pattern, Route route) {
    if (!pattern.starts_with('/')) refuse(pattern, "must begin with '/'");
    if (method == Method::other) refuse(pattern, "needs a method that has a name");
    std::uint32_t node = 0;
    std::vector<std::string> names;
    for (std::size_t begin = 1;;) {
        auto end = std::min(pattern.find('/', begin), pattern.size());
        auto segment = pattern.substr(begin, end - begin);
        auto last = end == pattern.size();
        if (is_rest(segment) && !last) refuse(pattern, "a rest must come last");
        if (!is_capture(segment) && segment.find_first_of("{}%") != std::string_view::npos) {
            refuse(pattern, "a segment is a literal, decoded, or one capture");
        }
        if (is_capture(segment)) {
            auto name = segment.substr(1, segment.size() - (is_rest(segment) ? 5 : 2));
            if (name.empty()) refuse(pattern, "a capture needs a name");
            names.emplace_back(name);
        }
        node = child(node, segment, last);
        if (last) break;
        begin = end + 1;
    }
    if (names.size() > limits::route_params_max) refuse(pattern, "too many captures");

    auto& leaf = nodes_[node];
    if (leaf.routes[index(method)]) refuse(pattern, "is there already");
    leaf.routes[index(method)] = route;
    leaf.names[index(method)] = std::move(names);
    leaf.allow.clear();
    for (std::size_t i = 0; i < index(Method::other); ++i) {
        auto allowed = leaf.routes[i] || (i == index(Method::head) && leaf.routes[index(Method::get)]);
        if (allowed) leaf.allow.append(leaf.allow.empty() ? "" : ", ").append(to_string(Method(i)));
    }
}

std::uint32_t Router::child(std::uint32_t parent, std::string_view segment, bool last) {
    auto fresh = static_cast<std::uint32_t>(nodes_.size());
    if (is_capture(segment)) {
        auto& slot = last && is_rest(segment) ? nodes_[parent].rest : nodes_[parent].capture;
        if (slot != none) return slot;
        slot = fresh;
    } else {
        for (const auto& literal : nodes_[parent].literals) {
            if (literal.text == segment) return literal.node;
        }
        nodes_[parent].literals.push_back({std::string(segment), fresh});
    }
    nodes_.emplace_back();
    return fresh;
}

Router::Match Router::match(Method method, std::string_view path) const {
    Match match;
    Walk walk;
    walk.path = path;
    if (path.find('%') != std::string_view::npos) {
        if (!urls::make_pct_string_view(path)) {
            match.outcome = Outcome::bad_encoding;
            return match;
        }
        match.decoded_ = std::make_unique_for_overwrite<char[]>(path.size());
        walk.decoded = match.decoded_.get();
    }
    if (!path.starts_with('/') || !descend(walk, 0, 1)) return match;

    const auto& node = nodes_[walk.found];
    auto slot = index(method);
    if (method == Method::head && !node.routes[slot]) slot = index(Method::get);
    if (!node.routes[slot]) {
        match.outcome = Outcome::method_not_allowed;
        match.allow = node.allow;
        return match;
    }
    match.outcome = Outcome::matched;
    match.route = *node.routes[slot];
    match.size_ = walk.size;
    for (std::size_t i = 0; i < walk.size; ++i) {
        match.params_[i] = {.name = node.names[slot][i], .value = walk.values[i]};
    }
    return match;
}

// Matches the path from `position`, the first byte of a segment, below `node`. The depth of the tree bounds it.
bool Router::descend(Walk& walk, std::uint32_t node_index, std::size_t position) const {
    const auto& node = nodes_[node_index];
    auto end = std::min(walk.path.find('/', position), walk.path.size());
    auto last = end == walk.path.size();
    auto* decoded_before = walk.decoded;
    auto size_before = walk.size;

    auto arrive = [this, &walk, last, end](std::uint32_t next) {
        if (last) {
            walk.found = next;
            return !nodes_[next].allow.empty();
        }
        auto* decoded = walk.decoded;
        if (descend(walk, next, end + 1)) return true;
        walk.decoded = decoded;  // other branches decode the same again: there is room for the path once
        return false;
    };

    if (!node.literals.empty() || node.capture != none) {
        auto segment = walk.decode(walk.path.substr(position, end - position));
        for (const auto& literal : node.literals) {
            if (literal.text != segment) continue;
            if (arrive(literal.node)) return true;
            break;
        }
        if (node.capture != none && !segment.empty()) {
            walk.values[walk.size++] = segment;
            if (arrive(node.capture)) return true;
            walk.size = size_before;
        }
    }
    if (node.rest == none) return false;
    walk.decoded = decoded_before;
    walk.values[walk.size++] = walk.decode(walk.path.substr(position));
    walk.found = node.rest;
    return true;
}

}  // namespace alcove::http

// What the document says once and refers to from everywhere: shapes with names, errors, headers.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scopes/json_writer.hpp"
#include "server/openapi/operation.hpp"

namespace alcove::openapi {

using scopes::json::Writer;

// In place of a status.
inline constexpr unsigned any_other_error = 1000;

class Components {
public:
    Components() = default;
    Components(const Components&) = delete;
    Components& operator=(const Components&) = delete;

    // Each is printed because something refers to it; they give the text of `$ref`.
    const schema::Refer& refer_to_shape() const { return refer_; }
    std::string refer_to_error(Surface surface, unsigned status);
    std::string refer_to_header(std::string_view name);
    static std::string_view refer_to_idempotency_key() { return "#/components/parameters/IdempotencyKey"; }

    // The member `components`, last of all.
    void print(Writer& writer);

private:
    std::string refer(const Shape& shape);
    void print_headers(Writer& writer) const;
    void print_errors(Writer& writer);
    void print_named_shapes(Writer& writer);

    std::vector<const Shape*> named_;
    std::set<std::pair<Surface, unsigned>> errors_;
    std::set<std::string_view> headers_;
    const schema::Refer refer_ = [this](const Shape& shape) { return refer(shape); };
};

}  // namespace alcove::openapi

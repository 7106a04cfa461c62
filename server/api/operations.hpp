// Operations and checks on the wire: from JSON to a commit, and from its outcome to JSON.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kv/types.hpp"
#include "server/api/error.hpp"
#include "server/api/object_reader.hpp"

namespace alcove::api {

// Of one transaction. More would hold up the other writers of the store.
inline constexpr std::size_t transaction_operations_max = 128;
inline constexpr std::size_t transaction_checks_max = 128;

// `{"checks":[…],"operations":[…]}`, of a document that fits openapi::operation_shapes::transaction. Members are
// named as in `operations[3].key`. The values together cannot exceed the limit of the body, which is theirs too.
Result<kv::Commit> parse_transaction(const json::Document& document, kv::TimeMs now_ms);

// One operation of its own, on the key of the path: `{"op":"increment","by":5}`, of a document that fits
// openapi::operation_shapes::operation_here.
Result<kv::Operation> parse_single_operation(const json::Document& document, std::string_view key,
                                             kv::TimeMs now_ms);

// Exactly one of `value`, `text` and `base64`, and `contentType`, into value and content type.
void read_value(ObjectReader& in, kv::Put& put);

// What the answer shows of an operation's result.
enum class Shape : std::uint8_t {
    version,  // put: {version}
    entry,    // get: {value,version,contentType}, or null
    value,    // what computes: {value,version}, or null when there was nothing to touch
    existed,  // delete: {existed}
    deleted,  // deletePrefix: {deleted}
};
Shape shape_of(const kv::Operation& operation);

// Whether the operation asked for an entry and there was none.
bool is_missing(Shape shape, const kv::OperationResult& result);

// What an operation came to, as `results[i]` of a transaction. For what is not missing.
void print_result(json::Writer& writer, Shape shape, const kv::OperationResult& result);

// 409 CHECK_FAILED with every check that did not hold.
Problem checks_failed(const std::vector<kv::Check>& checks, const kv::Error& error);

}  // namespace alcove::api

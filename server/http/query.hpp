// The query of a request as decoded names and values, each of which a handler takes or refuses.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alcove::http {

struct QueryError {
    std::string name;     // of the parameter as far as it could be decoded; may be empty
    std::string message;  // for a person
};

[[noreturn]] void throw_exception_from_error(const QueryError& error, const boost::source_location& where);

// '+' is a space, as in forms. Names and values are valid UTF-8. A name comes once, unless it is declared
// repeatable. A parameter without '=' has the empty value; empty pieces between '&' are skipped.
class Query {
public:
    // `raw` is undecoded and without '?', and must outlive the query.
    static boost::system::result<Query, QueryError> parse(std::string_view raw,
                                                          std::initializer_list<std::string_view> repeatable = {});

    // The value of that name, which counts as known from now on. Views live as long as the query and `raw`.
    std::optional<std::string_view> take(std::string_view name);
    // All values of a repeatable name, in order.
    std::vector<std::string_view> take_all(std::string_view name);

    // A parameter that nobody took, so that handlers can refuse what they do not know.
    std::optional<std::string_view> first_unknown() const;

private:
    struct Parameter {
        std::string_view name;
        std::string_view value;
        bool taken = false;
    };

    std::vector<Parameter> parameters_;
    std::unique_ptr<char[]> decoded_;  // only for queries with '%' or '+'
};

}  // namespace alcove::http

// How the store's values look in a test's messages and expectations.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "kv/error.hpp"
#include "kv/types.hpp"

namespace alcove::kv {

// Found by BOOST_TEST through the argument's namespace.
std::ostream& operator<<(std::ostream& out, Errc code);

}  // namespace alcove::kv

namespace alcove::test {

// Printable ASCII as it is, all else as \xNN, so that one line stays one line.
std::string printable(std::string_view bytes);

std::string print(const kv::NamespaceName& name);
std::string print(const kv::Entry& entry);  // "value (type) v3 created v1 …"
std::string print(const kv::Operation& operation);
std::string print(const kv::Commit& commit);
std::string print(const kv::OperationResult& result);
std::string print(const kv::Committed& committed);
std::string print(const kv::Change& change);
std::string print(const kv::Usage& usage);
std::string print(const kv::Quota& quota);
std::string print(const kv::Error& error);
std::string print(const kv::Page& page);  // keys and values, prefixes last

// "ok" or the error's name: for one-line expectations about outcomes.
template <class T>
std::string outcome(const kv::Result<T>& result) {
    return result ? "ok" : std::string(kv::to_string(result.error().code));
}

// The value of an entry that was read, or the error's name.
inline std::string value(const kv::Result<kv::Entry>& result) {
    return result ? result->value : std::string(kv::to_string(result.error().code));
}

}  // namespace alcove::test

// The one name among the plain values that is not the caller's choice.
#include "kv/types.hpp"

namespace alcove::kv {

NamespaceName system_namespace() {
    NamespaceName name;
    name.scope = Scope::system;
    return name;
}

}  // namespace alcove::kv

// The integration `kv-store`: JSON values under keys.
#pragma once

#include "server/actions/registry.hpp"

namespace alcove::actions {

// put, get, delete, add_to_list, remove_from_list, increment, append, list_keys, get_many, put_if, touch; options
// for the property `key`; the trigger key_changed.
extern const Integration kv_store;

}  // namespace alcove::actions

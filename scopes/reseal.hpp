// Seals every secret anew with the current master key.
#pragma once

#include <cstddef>

#include "scopes/error.hpp"
#include "scopes/system_store.hpp"
#include "scopes/vault.hpp"

namespace alcove::scopes {

// How many were sealed anew; those that the current key has sealed are left alone, so that a run that was cut off
// can be run again. Throws kv::StoreFailure for one that neither key opens.
asio::awaitable<Result<std::size_t>> reseal(SystemStore& records, const Vault& vault);

}  // namespace alcove::scopes

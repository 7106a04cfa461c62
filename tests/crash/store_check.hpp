// Whether an opened store holds what a killed process had been told, and fits together.
#pragma once

#include "kv/lmdb/engine.hpp"
#include "tests/crash/acknowledged.hpp"

namespace alcove::test {

// Reports through Boost.Test. Sends commits of its own too, which `acknowledged` then holds.
void check_store(kv::Engine& engine, Acknowledged& acknowledged);

}  // namespace alcove::test

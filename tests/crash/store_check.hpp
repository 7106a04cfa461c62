// Whether an opened store holds what a killed process had been told, and fits together.
#pragma once

#include <filesystem>

#include "kv/lmdb/engine.hpp"
#include "tests/crash/acknowledged.hpp"

namespace alcove::test {

// `folder` is the one that the engine has open. Reports through Boost.Test. Sends commits of its own too, which
// `acknowledged` then holds.
void check_store(kv::Engine& engine, const std::filesystem::path& folder, Acknowledged& acknowledged);

}  // namespace alcove::test

// The file that holds the master key, under which the vault keeps what must be recovered.
#pragma once

#include <filesystem>

#include "scopes/vault.hpp"
#include "server/config.hpp"

namespace alcove {

// security.master_key_file, or master.key in the data folder.
std::filesystem::path master_key_path(const Config& config);

// One line of 64 hexadecimal digits for the current key and, while it is being changed, one for the former. A
// missing file is made, with mode 0600. Throws std::runtime_error for a file that is none, or that others may read.
scopes::MasterKeys load_master_keys(const std::filesystem::path& path);

// Replaces the file atomically: after a crash it holds the former keys or these.
void save_master_keys(const std::filesystem::path& path, const scopes::MasterKeys& keys);

}  // namespace alcove

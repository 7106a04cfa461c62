// The integration `storage`: files.
#pragma once

#include "server/actions/registry.hpp"

namespace alcove::actions {

// write_file, read_file, delete_file, list_files, get_download_url; options for the property `path`; the trigger
// file_changed.
extern const Integration storage;

}  // namespace alcove::actions

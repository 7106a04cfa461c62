#include "scopes/background.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace alcove::scopes {
namespace {

// The store's writer may still be on its way out of the call that handed over the last outcome, so what it called
// stays until the process ends.
void retire(std::unique_ptr<asio::thread_pool> pool) {
    static std::mutex mutex;
    static std::vector<std::unique_ptr<asio::thread_pool>> retired;
    const std::lock_guard lock(mutex);
    retired.push_back(std::move(pool));
}

}  // namespace

Background::Background() : pool_(std::make_unique<asio::thread_pool>(1)) {}

Background::~Background() {
    join();
    retire(std::move(pool_));
}

void Background::join() {
    pool_->join();
}

}  // namespace alcove::scopes

// A thread for coroutines that call the store behind answers.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>

namespace alcove::scopes {

namespace asio = boost::asio;

// One thread: what runs on it needs no locks among itself. The store must outlive it.
class Background {
public:
    Background();
    ~Background();  // joins
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    asio::any_io_executor executor() const { return pool_->get_executor(); }

    // Returns when everything that was given to it has come to its end. Idempotent.
    void join();

private:
    std::unique_ptr<asio::thread_pool> pool_;
};

}  // namespace alcove::scopes

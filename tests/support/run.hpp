// Runs coroutines to their end, so that a test reads as a sequence of plain calls.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace alcove::test {

// One per thread, and never destroyed: the store's writer may still be on its way out of the call that handed over
// the last outcome when run() has returned already.
inline boost::asio::io_context& context_of_thread() {
    static auto& all = *new std::vector<boost::asio::io_context*>();  // also of threads that ended: nothing leaks
    static auto& mutex = *new std::mutex();
    thread_local boost::asio::io_context* const context = [] {
        const std::lock_guard lock(mutex);
        return all.emplace_back(new boost::asio::io_context(1));
    }();
    context->restart();
    return *context;
}

// Runs all of them at once on one thread; the results are in the order of the tasks. Throws what a task threw.
template <class T>
std::vector<T> run_all(std::vector<boost::asio::awaitable<T>> tasks) {
    boost::asio::io_context& context = context_of_thread();
    std::vector<std::optional<T>> results(tasks.size());
    std::exception_ptr failed;
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        auto finish = [&results, &failed, i](std::exception_ptr thrown, auto result) {
            if (thrown) {
                failed = thrown;
            } else {
                results[i] = std::move(result);
            }
        };
        boost::asio::co_spawn(context, std::move(tasks[i]), finish);
    }
    context.run();
    if (failed) std::rethrow_exception(failed);
    std::vector<T> values;
    for (auto& result : results) {
        if (!result) throw std::logic_error("a coroutine never came to its end");
        values.push_back(std::move(*result));
    }
    return values;
}

template <class T>
T run(boost::asio::awaitable<T> task) {
    std::vector<boost::asio::awaitable<T>> tasks;
    tasks.push_back(std::move(task));
    return std::move(run_all(std::move(tasks)).front());
}

inline void run(boost::asio::awaitable<void> task) {
    boost::asio::io_context& context = context_of_thread();
    std::exception_ptr failed;
    auto finish = [&failed](std::exception_ptr thrown) { failed = thrown; };
    boost::asio::co_spawn(context, std::move(task), finish);
    context.run();
    if (failed) std::rethrow_exception(failed);
}

}  // namespace alcove::test

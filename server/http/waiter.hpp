// A place for the one coroutine that waits for something.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <cstddef>
#include <memory>
#include <new>
#include <utility>

namespace alcove::http {

namespace asio = boost::asio;

// Allocates nothing. One thread; one coroutine at a time.
class Waiter {
public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
        if (held_ != nullptr) std::destroy_at(held_);
    }

    // To be awaited: goes on with resume().
    auto wait() {
        auto initiate = [this](auto handler) {
            using Held = Holder<decltype(handler)>;
            static_assert(sizeof(Held) <= sizeof storage_ && alignof(Held) <= alignof(std::max_align_t));
            held_ = new (storage_) Held(std::move(handler));
        };
        return asio::async_initiate<const asio::deferred_t, void()>(std::move(initiate), asio::deferred);
    }

    // Runs the coroutine, up to where it waits next, before it returns: by then the waiter may be gone with it.
    // Nothing when nobody waits.
    void resume() {
        if (auto* held = std::exchange(held_, nullptr)) held->resume();
    }

private:
    struct Base {
        virtual ~Base() = default;
        virtual void resume() = 0;
    };
    template <class Handler>
    struct Holder final : Base {
        explicit Holder(Handler own_handler) : handler(std::move(own_handler)) {}
        void resume() override {
            auto own = std::move(handler);
            std::destroy_at(this);  // the storage may be needed again
            std::move(own)();
        }
        Handler handler;
    };

    Base* held_ = nullptr;
    alignas(std::max_align_t) std::byte storage_[48];
};

}  // namespace alcove::http

// A flat growable byte buffer that never zero-fills: reading into it and appending cost only the bytes.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace alcove::http {

class Buffer {
public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        swap(other);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { std::free(data_); }

    char* data() { return data_; }
    const char* data() const { return data_; }
    std::size_t size() const { return size_; }
    std::size_t capacity() const { return capacity_; }
    std::size_t room() const { return capacity_ - size_; }
    bool empty() const { return size_ == 0; }
    std::string_view view() const { return {data_, size_}; }

    // Makes the capacity at least `bytes`; what is held stays, views into it do not. Throws std::bad_alloc.
    void reserve(std::size_t bytes) {
        if (bytes > capacity_) reallocate(bytes);
    }

    // Where `bytes` more can be written; commit() counts those that were. Grows by doubling.
    char* prepare(std::size_t bytes) {
        if (bytes > capacity_ - size_) {
            auto wanted = size_ + bytes;
            reallocate(wanted > 2 * capacity_ ? wanted : 2 * capacity_);
        }
        return data_ + size_;
    }

    void commit(std::size_t bytes) { size_ += bytes; }

    void append(std::string_view bytes) {
        if (bytes.empty()) return;
        std::memcpy(prepare(bytes.size()), bytes.data(), bytes.size());
        size_ += bytes.size();
    }

    // Drops the first `bytes` and moves the rest to the front.
    void erase_front(std::size_t bytes) {
        if (bytes != 0 && bytes != size_) std::memmove(data_, data_ + bytes, size_ - bytes);
        size_ -= bytes;
    }

    void clear() { size_ = 0; }

    // Empties it and gives back the memory above `bytes_kept`.
    void shrink(std::size_t bytes_kept) {
        size_ = 0;
        if (capacity_ <= bytes_kept) return;
        std::free(std::exchange(data_, nullptr));
        capacity_ = 0;
    }

    void swap(Buffer& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        std::swap(capacity_, other.capacity_);
    }

private:
    void reallocate(std::size_t bytes) {
        auto* grown = static_cast<char*>(std::realloc(data_, bytes));
        if (grown == nullptr) throw std::bad_alloc();
        data_ = grown;
        capacity_ = bytes;
    }

    char* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace alcove::http

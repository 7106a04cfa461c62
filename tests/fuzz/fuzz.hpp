// What the harnesses share: the entry point, claims that must hold, and pieces of an input.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace alcove::fuzz {

// The fuzzer takes the end of the process for a find, and keeps the input.
inline void require(bool holds, const char* claim) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", claim);
    std::abort();
}

// Bytes in a block of exactly their size, so that reading beyond their end is noticed.
class Block {
public:
    explicit Block(std::string_view bytes) : bytes_(new char[bytes.size()]), size_(bytes.size()) {
        bytes.copy(bytes_.get(), bytes.size());
    }
    char* data() { return bytes_.get(); }
    std::size_t size() const { return size_; }
    std::string_view view() const { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

// The sizes of at most 32 pieces, the last of which reaches to any end.
inline std::vector<std::size_t> take_piece_sizes(FuzzedDataProvider& in) {
    std::vector<std::size_t> sizes(in.ConsumeIntegralInRange<std::size_t>(0, 31));
    for (auto& size : sizes)
        size = in.ConsumeIntegralInRange<std::size_t>(1, 40);
    sizes.push_back(SIZE_MAX);
    return sizes;
}

}  // namespace alcove::fuzz

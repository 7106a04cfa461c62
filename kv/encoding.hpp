// How numbers and strings are laid out in keys (big-endian, so that byte order is the order wanted) and in records
// (little-endian and varints).
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace alcove::kv {

// Writes 8 bytes at `bytes`.
inline void store_be64(std::uint64_t value, char* bytes) {
    for (int i = 0; i < 8; ++i)
        bytes[i] = static_cast<char>(value >> (56 - 8 * i));
}

inline void append_be64(std::string& out, std::uint64_t value) {
    char bytes[8];
    store_be64(value, bytes);
    out.append(bytes, sizeof bytes);
}

// Reads 8 bytes at `bytes`.
inline std::uint64_t load_be64(const char* bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i)
        value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

// Appends to a string that the caller keeps.
class Encoder {
public:
    explicit Encoder(std::string& out) : out_(out) {}

    void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
    void u32(std::uint32_t value) { fixed(value); }
    void u64(std::uint64_t value) { fixed(value); }
    void i64(std::int64_t value) { fixed(value); }
    void varint(std::uint64_t value) {
        while (value >= 0x80) {
            u8(static_cast<std::uint8_t>(value | 0x80));
            value >>= 7;
        }
        u8(static_cast<std::uint8_t>(value));
    }
    void raw(std::string_view bytes) { out_.append(bytes); }
    void bytes(std::string_view bytes) {  // with their length in front
        varint(bytes.size());
        raw(bytes);
    }

private:
    template <class T>
    void fixed(T value) {
        char bytes[sizeof value];
        std::memcpy(bytes, &value, sizeof value);
        out_.append(bytes, sizeof bytes);
    }

    std::string& out_;
};

// Reads what an Encoder wrote. After the first read beyond the end all reads give zero and ok() is false.
class Decoder {
public:
    explicit Decoder(std::string_view in) : in_(in) {}

    bool ok() const { return ok_; }
    bool at_end() const { return in_.empty(); }
    std::string_view rest() const { return in_; }

    std::uint8_t u8() { return fixed<std::uint8_t>(); }
    std::uint32_t u32() { return fixed<std::uint32_t>(); }
    std::uint64_t u64() { return fixed<std::uint64_t>(); }
    std::int64_t i64() { return fixed<std::int64_t>(); }
    std::uint64_t varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint8_t byte = u8();
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (!(byte & 0x80)) return value;
        }
        ok_ = false;
        return 0;
    }
    // A view into the input.
    std::string_view raw(std::uint64_t size) {
        if (size > in_.size()) {
            ok_ = false;
            in_ = {};
            return {};
        }
        const std::string_view result = in_.substr(0, size);
        in_.remove_prefix(size);
        return result;
    }
    std::string_view bytes() { return raw(varint()); }

private:
    template <class T>
    T fixed() {
        const std::string_view from = raw(sizeof(T));
        T value{};
        if (from.size() == sizeof value) std::memcpy(&value, from.data(), sizeof value);
        return value;
    }

    std::string_view in_;
    bool ok_ = true;
};

}  // namespace alcove::kv

// The addresses that are not public, from IANA's special-purpose address registries.
#include <array>
#include <cstdint>
#include <iterator>

#include "server/webhooks/target.hpp"

namespace alcove::webhooks {

namespace {

namespace ip = boost::asio::ip;

struct RangeV4 {
    std::array<std::uint8_t, 4> prefix;
    unsigned bits;
};

constexpr RangeV4 not_public_v4[] = {
    {{0, 0, 0, 0}, 8},        // this network (RFC 791)
    {{10, 0, 0, 0}, 8},       // private (RFC 1918)
    {{100, 64, 0, 0}, 10},    // shared by a carrier's customers (RFC 6598)
    {{127, 0, 0, 0}, 8},      // this machine (RFC 1122)
    {{169, 254, 0, 0}, 16},   // link-local (RFC 3927); cloud metadata
    {{172, 16, 0, 0}, 12},    // private (RFC 1918)
    {{192, 0, 0, 0}, 24},     // protocol assignments (RFC 6890)
    {{192, 0, 2, 0}, 24},     // documentation (RFC 5737)
    {{192, 88, 99, 0}, 24},   // relays of 6to4 (RFC 7526)
    {{192, 168, 0, 0}, 16},   // private (RFC 1918)
    {{198, 18, 0, 0}, 15},    // benchmarks (RFC 2544)
    {{198, 51, 100, 0}, 24},  // documentation (RFC 5737)
    {{203, 0, 113, 0}, 24},   // documentation (RFC 5737)
    {{224, 0, 0, 0}, 4},      // multicast (RFC 5771)
    {{240, 0, 0, 0}, 4},      // reserved, and broadcast (RFC 1112, RFC 8190)
};

struct RangeV6 {
    std::array<std::uint16_t, 8> prefix;
    unsigned bits;
    int v4_at = never;  // where the IPv4 address stands that decides, in bytes

    static constexpr int never = -1;
};

// The first that fits decides.
constexpr RangeV6 special_v6[] = {
    {{0, 0, 0, 0, 0, 0xffff}, 96, 12},  // IPv4-mapped (RFC 4291)
    {{0x64, 0xff9b}, 96, 12},           // NAT64 (RFC 6052)
    {{0x64, 0xff9b, 1}, 48},            // NAT64 of a network's own (RFC 8215)
    {{}, 8},                            // unspecified, this machine, IPv4-compatible, unassigned (RFC 4291)
    {{0x100}, 64},                      // discarded (RFC 6666)
    {{0x2001}, 23},                     // protocol assignments, Teredo among them (RFC 2928)
    {{0x2001, 0xdb8}, 32},              // documentation (RFC 3849)
    {{0x2002}, 16, 2},                  // 6to4 (RFC 3056)
    {{0x3fff}, 20},                     // documentation (RFC 9637)
};

// All else outside of this is either not given out (RFC 4291), or segment routing (5f00::/16, RFC 9602), unique
// local (fc00::/7, RFC 4193), link-local (fe80::/10, RFC 4291), site-local (fec0::/10, RFC 3879), multicast
// (ff00::/8, RFC 4291).
constexpr RangeV6 global_unicast = {{0x2000}, 3};

template <std::size_t Size>
bool has_prefix(const std::array<std::uint8_t, Size>& address, const std::array<std::uint8_t, Size>& prefix,
                unsigned bits) {
    for (std::size_t i = 0; i < Size && bits > i * 8; ++i) {
        const unsigned left = bits - static_cast<unsigned>(i) * 8;
        const unsigned mask = left >= 8 ? 0xffU : (0xff00U >> left) & 0xffU;
        if (((address[i] ^ prefix[i]) & mask) != 0) return false;
    }
    return true;
}

bool is_in(const ip::address_v6::bytes_type& address, const RangeV6& range) {
    std::array<std::uint8_t, 16> prefix{};
    for (std::size_t i = 0; i < range.prefix.size(); ++i) {
        prefix[2 * i] = static_cast<std::uint8_t>(range.prefix[i] >> 8);
        prefix[2 * i + 1] = static_cast<std::uint8_t>(range.prefix[i] & 0xff);
    }
    return has_prefix(address, prefix, range.bits);
}

bool is_public(const ip::address_v4::bytes_type& address) {
    for (const RangeV4& range : not_public_v4) {
        if (has_prefix(address, range.prefix, range.bits)) return false;
    }
    return true;
}

bool is_public(const ip::address_v6::bytes_type& address) {
    for (const RangeV6& range : special_v6) {
        if (!is_in(address, range)) continue;
        if (range.v4_at == RangeV6::never) return false;
        const auto* carried = address.data() + range.v4_at;
        return is_public(ip::address_v4::bytes_type{carried[0], carried[1], carried[2], carried[3]});
    }
    return is_in(address, global_unicast);
}

}  // namespace

bool is_public_address(const ip::address& address) {
    return address.is_v4() ? is_public(address.to_v4().to_bytes()) : is_public(address.to_v6().to_bytes());
}

}  // namespace alcove::webhooks

// URLs that let whoever has them download one version of one file for a while, without a token.
#pragma once

#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "kv/types.hpp"
#include "scopes/vault.hpp"

namespace alcove::files {

// The longest that a link may last.
inline constexpr kv::TimeMs link_ms_max = kv::TimeMs{60} * 60 * 1000;

struct DownloadLink {
    kv::NamespaceName name;
    std::string path;
    kv::Version version = 0;
    kv::TimeMs expires_ms = 0;
};

// A link is its own record: nothing is stored for it. It is signed with HMAC-SHA256 under a key of the hour, which
// is derived from the master key, so that a key of an hour is good for the links of that hour alone. With another
// master key the links of the former one go on as long as that is configured.
//
// Thread-safe.
class DownloadLinks {
public:
    DownloadLinks(scopes::MasterKeys keys, std::string public_url)
        : keys_(keys), public_url_(std::move(public_url)) {}

    // Absolute when server.public_url is set, else a path. `link.expires_ms` is at most link_ms_max from now.
    std::string make_url(const DownloadLink& link, kv::TimeMs now_ms) const;

    // `text` is what stands behind `/files/`. nullopt when it was not signed here. Whether it has expired is for
    // the caller to see.
    std::optional<DownloadLink> open(std::string_view text) const;

private:
    const scopes::MasterKeys keys_;
    const std::string public_url_;
};

}  // namespace alcove::files

// `/users/external_ids/…`: renames external ids of end users and removes the former ones, with the bodies, limits
// and texts of Braze's external-id migration endpoints.
#pragma once

#include "server/api/call.hpp"

namespace alcove::braze {

namespace asio = boost::asio;

inline constexpr std::uint64_t requests_per_minute_max = 1000;  // of a workspace, both endpoints together

asio::awaitable<void> rename_external_ids(api::Call& call);

// A body with `external_id_renames` is taken as a rename, as the published page of this endpoint shows it.
asio::awaitable<void> remove_external_ids(api::Call& call);

}  // namespace alcove::braze

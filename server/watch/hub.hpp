// What all watches of a server share.
#pragma once

#include <chrono>
#include <string>

#include "kv/watch/station.hpp"
#include "scopes/identity.hpp"
#include "server/metrics/per_thread.hpp"
#include "server/watch/tally.hpp"
#include "server/watch/tickets.hpp"

namespace alcove::watch {

// Thread-safe. `to_identity` must outlive it, and its store too.
class Hub {
public:
    Hub(scopes::Identity& to_identity, std::chrono::milliseconds between_heartbeats)
        : identity(to_identity),
          store(identity.records.store()),
          heartbeat(between_heartbeats),
          epoch(store.epoch()),
          stations(store) {}

    scopes::Identity& identity;
    kv::Store& store;
    const std::chrono::milliseconds heartbeat;
    const std::string epoch;
    kv::Stations stations;
    Tickets tickets;
    metrics::PerThread<Tally> tallies;

    Tally::Sum sum() const {
        Tally::Sum sum;
        tallies.visit([&sum](const Tally& tally) { tally.add_to(sum); });
        return sum;
    }
};

}  // namespace alcove::watch

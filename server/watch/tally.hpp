// What the watches of one thread show of themselves to others.
#pragma once

#include <algorithm>
#include <array>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>

#include "kv/measure.hpp"
#include "kv/types.hpp"

namespace alcove::watch {

// Why a watch was told `reset`.
inline constexpr std::string_view reset_epoch = "epoch";
inline constexpr std::string_view reset_emptied = "emptied";
inline constexpr std::string_view reset_compacted = "compacted";
inline constexpr std::array reset_reasons = {reset_epoch, reset_emptied, reset_compacted};

enum class Transport : std::uint8_t { websocket, event_stream, long_poll };
inline constexpr std::array<std::string_view, 3> transport_names = {"websocket", "event_stream", "long_poll"};

// Operation: counts are the thread's own; watches join and go, and how far each is can be asked at any time.
//
// Concurrency: add_to() from any thread, and it holds up who joins or goes; the rest belongs to the own thread.
class Tally {
public:
    // One that can be looked at.
    class Member : public boost::intrusive::list_base_hook<boost::intrusive::tag<Tally>> {
    public:
        // How many versions lie between what was told and what there is to tell. Any thread.
        virtual kv::Version behind() const = 0;

    protected:
        ~Member() = default;
    };

    void join(Member& member) {
        const std::lock_guard lock(mutex_);
        members_.push_back(member);
    }
    void leave(Member& member) {
        const std::lock_guard lock(mutex_);
        members_.erase(members_.iterator_to(member));
    }

    void reset(std::string_view why) {
        resets[static_cast<std::size_t>(std::ranges::find(reset_reasons, why) - reset_reasons.begin())] += 1;
    }

    kv::Count events;                                    // told
    std::array<kv::Count, reset_reasons.size()> resets;  // by reset_reasons
    std::array<kv::Count, transport_names.size()> open;  // by Transport: connections
    kv::Count& open_by(Transport transport) { return open[static_cast<std::size_t>(transport)]; }

    struct Sum {
        std::uint64_t watches = 0;
        std::uint64_t behind = 0;   // of them
        std::uint64_t lag_max = 0;  // in versions
        std::uint64_t events = 0;
        std::array<std::uint64_t, reset_reasons.size()> resets{};
        std::array<std::uint64_t, transport_names.size()> open{};
    };
    void add_to(Sum& sum) const {
        {
            const std::lock_guard lock(mutex_);
            for (const Member& member : members_) {
                const auto versions = member.behind();
                sum.watches += 1;
                sum.behind += versions != 0 ? 1 : 0;
                sum.lag_max = std::max(sum.lag_max, versions);
            }
        }
        sum.events += events;
        for (std::size_t i = 0; i < resets.size(); ++i)
            sum.resets[i] += resets[i];
        for (std::size_t i = 0; i < open.size(); ++i)
            sum.open[i] += open[i];
    }

private:
    mutable std::mutex mutex_;
    boost::intrusive::list<
        Member, boost::intrusive::base_hook<boost::intrusive::list_base_hook<boost::intrusive::tag<Tally>>>>
        members_;
};

}  // namespace alcove::watch

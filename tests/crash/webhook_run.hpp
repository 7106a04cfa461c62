// Receivers of webhooks that are no better than those of the world.
#pragma once

#include <random>

#include "tests/support/receiver.hpp"

namespace alcove::test {

// Sometimes answers with an error, half an answer or none.
inline Receiver::Answer flaky_answer(unsigned seed) {
    return [random = std::mt19937(seed)](const ReceivedRequest&) mutable -> ReceiverReply {
        const auto dice = random() % 100;
        if (dice < 2) return {.status = 500};
        if (dice < 3) return {.body = "half", .ending = ReceiverReply::Ending::cut};
        if (dice < 4) return {.ending = ReceiverReply::Ending::close};
        return {};
    };
}

}  // namespace alcove::test

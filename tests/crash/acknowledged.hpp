// What a killed process had been told is durable.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "kv/types.hpp"

namespace alcove::test {

struct Acknowledged {
    // The last acknowledged write of a sequence. Every crash since then may have hidden the answer to one more.
    struct Write {
        std::uint64_t count = 0;
        kv::Version version = 0;
        std::uint64_t unanswered_max = 0;

        bool may_be_at(std::uint64_t found) const { return found >= count && found <= count + unanswered_max; }
    };
    // How far an emptier got. Every number is of its cycle.
    struct Cycles {
        std::uint64_t quota = 0;         // that was set
        std::uint64_t emptied = 0;       // after which the namespace was emptied
        std::uint64_t filling = 0;       // whose keys are in `filled`
        std::set<std::uint64_t> filled;  // and not yet emptied
        kv::Version version = 0;         // of the last acknowledged step
    };
    using Victim = std::tuple<std::uint64_t, int, std::uint64_t>;  // round, dropper, number

    std::map<int, Write> pairs;                      // the last of each writer
    std::map<int, Write> files;                      // likewise
    std::map<std::uint64_t, kv::Version> swaps;      // count -> version: each can succeed only once
    std::map<Victim, std::map<int, Write>> victims;  // the last of each writer
    std::map<Victim, kv::Version> drops;
    std::map<int, Cycles> cycles;                              // of each emptier
    std::map<std::size_t, std::vector<kv::Version>> versions;  // of each workload namespace, by its position
    kv::Version latest = 0;
    std::uint64_t commits = 0;
    std::vector<std::string> broken;  // complaints, and what contradicts itself

    // Takes in the lines of one run of the process.
    void add(std::uint64_t round, const std::vector<std::string>& lines);
};

}  // namespace alcove::test

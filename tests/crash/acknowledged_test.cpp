// What a killed process had been told is durable.
#include <algorithm>
#include <sstream>

#include "tests/crash/acknowledged.hpp"
#include "tests/crash/workload.hpp"

namespace alcove::test {

void Acknowledged::add(std::uint64_t round, const std::vector<std::string>& lines) {
    for (const std::string& line : lines) {
        std::istringstream words(line);
        std::string kind;
        words >> kind;
        kv::Version version = 0;
        if (kind == "pair" || kind == "file") {
            int writer = 0;
            std::uint64_t count = 0;
            words >> writer >> count >> version;
            Write& last = kind == "file" ? files[writer] : pairs[writer];
            if (count == 0 || !last.may_be_at(count - 1) || version <= last.version) {
                broken.push_back("out of order: " + line);
            }
            last = {.count = count, .version = version, .unanswered_max = 0};
            if (kind == "pair") versions[static_cast<std::size_t>(writer) % 4].push_back(version);
        } else if (kind == "swap") {
            std::uint64_t count = 0;
            words >> count >> version;
            if (!swaps.emplace(count, version).second) broken.push_back("swapped twice: " + line);
            versions[1].push_back(version);
        } else if (kind == "victim") {
            int dropper = 0;
            int writer = 0;
            std::uint64_t number = 0;
            std::uint64_t count = 0;
            words >> dropper >> number >> writer >> count >> version;
            victims[{round, dropper, number}][writer] = {.count = count, .version = version, .unanswered_max = 1};
        } else if (kind == "drop") {
            int dropper = 0;
            std::uint64_t number = 0;
            words >> dropper >> number >> version;
            drops[{round, dropper, number}] = version;
        } else if (kind == "quota" || kind == "fill" || kind == "empty") {
            int emptier = 0;
            std::uint64_t number = 0;
            std::uint64_t key = 0;
            words >> emptier >> number;
            if (kind == "fill") words >> key;
            words >> version;
            Cycles& cycle = cycles[emptier];
            if (version < cycle.version || number <= cycle.emptied) broken.push_back("out of order: " + line);
            cycle.version = version;
            if (kind == "quota") cycle.quota = number;
            if (kind == "empty") cycle.emptied = number;
            if (kind == "empty" || number != cycle.filling) cycle.filled.clear();
            if (kind == "fill") cycle.filled.insert(key);
            cycle.filling = number;
        } else if (kind == "broken") {
            broken.push_back(line);
        }
        if (version != 0) ++commits;
        latest = std::max(latest, version);
    }
    for (int writer = 0; writer < writers; ++writer)
        ++pairs[writer].unanswered_max;
    for (int writer = 0; writer < file_writers; ++writer)
        ++files[writer].unanswered_max;
    for (const auto& [name, dropped_at] : drops) {
        const auto written = victims.find(name);
        if (written == victims.end()) continue;
        for (const auto& [writer, write] : written->second) {
            if (write.version > dropped_at)
                broken.push_back("acknowledged after the drop: " + std::to_string(write.version));
        }
    }
}

}  // namespace alcove::test

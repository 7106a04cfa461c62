// What a text of /metrics holds.
#pragma once

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>

namespace alcove::test {

// Samples by what stands in front of their value: `name` or `name{label="value",…}`; and families by their name.
class MetricsText {
public:
    explicit MetricsText(const std::string& text) {
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            constexpr std::string_view type = "# TYPE ";
            if (line.starts_with(type)) families_.insert(line.substr(type.size(), line.rfind(' ') - type.size()));
            if (line.starts_with('#') || line.empty()) continue;
            const auto space = line.rfind(' ');
            samples_[line.substr(0, space)] = line.substr(space + 1);
        }
    }

    // As it is written; empty when it is absent.
    std::string operator[](const std::string& sample) const {
        const auto found = samples_.find(sample);
        return found == samples_.end() ? std::string() : found->second;
    }
    double number(const std::string& sample) const { return std::stod((*this)[sample]); }

    const std::set<std::string>& families() const { return families_; }
    std::size_t size() const { return samples_.size(); }
    // How many samples begin so.
    std::size_t count(const std::string& begin) const {
        std::size_t found = 0;
        for (auto at = samples_.lower_bound(begin); at != samples_.end() && at->first.starts_with(begin); ++at)
            ++found;
        return found;
    }

private:
    std::map<std::string, std::string> samples_;
    std::set<std::string> families_;
};

}  // namespace alcove::test

// Metrics in the text format of Prometheus.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "kv/measure.hpp"

namespace alcove::metrics {

// One family after the other: a call that begins one, then a call for each of its samples. Times are in seconds and
// counts in ones, whatever the parts keep them in.
class Exposition {
public:
    Exposition();
    ~Exposition();
    Exposition(const Exposition&) = delete;
    Exposition& operator=(const Exposition&) = delete;

    // Begins a family. `help` is a sentence.
    Exposition& counter(std::string_view name, std::string_view help);
    Exposition& gauge(std::string_view name, std::string_view help);
    Exposition& histogram(std::string_view name, std::string_view help);

    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;
    // A sample of a counter or a gauge.
    Exposition& add(double value, Labels labels = {});
    // Of a histogram; so many of its values make one of the family's unit.
    Exposition& add(const kv::Distribution& distribution, double per_unit, Labels labels = {});

    std::string text() const;

private:
    class Families;
    std::unique_ptr<Families> families_;
};

inline constexpr double nanoseconds_per_second = 1e9;

}  // namespace alcove::metrics

// The only file that knows prometheus-cpp.
#include "server/metrics/exposition.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>
#include <vector>

namespace alcove::metrics {

class Exposition::Families {
public:
    void begin(prometheus::MetricType type, std::string_view name, std::string_view help) {
        auto& family = all_.emplace_back();
        family.type = type;
        family.name = name;
        family.help = help;
    }

    prometheus::ClientMetric& add(Labels labels) {
        auto& sample = all_.back().metric.emplace_back();
        for (const auto& [name, value] : labels)
            sample.label.push_back({.name = std::string(name), .value = std::string(value)});
        return sample;
    }

    bool is_gauge() const { return all_.back().type == prometheus::MetricType::Gauge; }
    std::string text() const { return prometheus::TextSerializer().Serialize(all_); }

private:
    std::vector<prometheus::MetricFamily> all_;
};

Exposition::Exposition() : families_(std::make_unique<Families>()) {}
Exposition::~Exposition() = default;

Exposition& Exposition::counter(std::string_view name, std::string_view help) {
    families_->begin(prometheus::MetricType::Counter, name, help);
    return *this;
}

Exposition& Exposition::gauge(std::string_view name, std::string_view help) {
    families_->begin(prometheus::MetricType::Gauge, name, help);
    return *this;
}

Exposition& Exposition::histogram(std::string_view name, std::string_view help) {
    families_->begin(prometheus::MetricType::Histogram, name, help);
    return *this;
}

Exposition& Exposition::add(double value, Labels labels) {
    auto& sample = families_->add(labels);
    (families_->is_gauge() ? sample.gauge.value : sample.counter.value) = value;
    return *this;
}

Exposition& Exposition::add(const kv::Distribution& distribution, double per_unit, Labels labels) {
    auto& histogram = families_->add(labels).histogram;
    for (std::size_t i = 0; i < distribution.counts.size(); ++i) {
        histogram.sample_count += distribution.counts[i];
        const bool last = i == distribution.bounds.size();
        const double bound =
            last ? std::numeric_limits<double>::infinity() : static_cast<double>(distribution.bounds[i]) / per_unit;
        histogram.bucket.push_back({.cumulative_count = histogram.sample_count, .upper_bound = bound});
    }
    histogram.sample_sum = static_cast<double>(distribution.sum) / per_unit;
    return *this;
}

std::string Exposition::text() const {
    return families_->text();
}

}  // namespace alcove::metrics

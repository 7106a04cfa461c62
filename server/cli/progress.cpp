#include "server/cli/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace alcove::cli {

namespace {

constexpr auto interval = std::chrono::milliseconds(100);
constexpr std::uint64_t bar_width = 30;
constexpr const char* wipe = "\r\x1b[K";

std::string bar_of(std::uint64_t done, std::uint64_t total) {
    const std::uint64_t share = std::min(done, total) * 100 / std::max<std::uint64_t>(total, 1);
    const std::uint64_t filled = share * bar_width / 100;
    return "[" + std::string(filled, '#') + std::string(bar_width - filled, '-') + "] " + std::to_string(share) +
           "%  ";
}

}  // namespace

Progress::Progress(Mode mode, std::string verb, std::optional<std::uint64_t> total, std::string things)
    : mode_(mode), verb_(std::move(verb)), total_(total), things_(std::move(things)) {}

Progress::~Progress() {
    if (mode_ == Mode::on && drawn_ != std::chrono::steady_clock::time_point()) std::fputs(wipe, stderr);
}

void Progress::update(std::uint64_t done, std::uint64_t count, std::uint64_t bytes) {
    const auto now = std::chrono::steady_clock::now();
    if (mode_ == Mode::off || now - drawn_ < interval) return;
    drawn_ = now;
    const std::string bar = total_ ? bar_of(done, *total_) : "";
    std::fprintf(stderr, "%s%s%s %llu %s, %.1f MiB", wipe, bar.c_str(), verb_.c_str(),
                 static_cast<unsigned long long>(count), things_.c_str(), static_cast<double>(bytes) / (1 << 20));
    std::fflush(stderr);
}

}  // namespace alcove::cli

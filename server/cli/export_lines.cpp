#include "server/cli/export_lines.hpp"

#include <algorithm>

#include "scopes/json.hpp"

namespace alcove::cli {

namespace {

// A cursor holds a key of at most 480 bytes.
constexpr std::size_t mark_bytes_max = 8192;

}  // namespace

void ExportLines::pass(std::string_view piece) {
    while (!piece.empty()) {
        const auto end = piece.find('\n');
        const auto part = piece.substr(0, end);
        line_.append(part.substr(0, mark_bytes_max - std::min(line_.size(), mark_bytes_max)));
        bytes_ += part.size();
        if (end == piece.npos) return;
        ++bytes_;
        end_line();
        piece.remove_prefix(end + 1);
    }
}

void ExportLines::end_line() {
    if (line_.starts_with("{\"cursor\":")) {
        if (const auto document = scopes::json::Document::parse(line_)) {
            const auto* cursor = document->member(document->root(), "cursor");
            const auto* complete = document->member(document->root(), "complete");
            complete_ = complete != nullptr && complete->boolean;
            if (!cursor->text.empty()) mark_ = {std::string(cursor->text), bytes_, keys_};
        }
    } else if (line_.find_first_not_of(" \t\r") != line_.npos) {
        ++keys_;
        complete_ = false;
    }
    line_.clear();
}

}  // namespace alcove::cli

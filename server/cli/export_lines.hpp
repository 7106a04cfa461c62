// Watches the lines of an export as they pass by: how many keys there are, and the cursors among them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace alcove::cli {

// Keeps no more of a line than a cursor needs, whatever the length of the line.
class ExportLines {
public:
    struct Mark {
        std::string cursor{};
        std::uint64_t bytes = 0;  // up to the end of its line
        std::uint64_t keys = 0;
    };

    // Goes on behind what passed earlier.
    explicit ExportLines(std::uint64_t bytes = 0, std::uint64_t keys = 0) : bytes_(bytes), keys_(keys) {}

    void pass(std::string_view piece);

    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t keys() const { return keys_; }
    const std::optional<Mark>& mark() const { return mark_; }  // the last one
    bool complete() const { return complete_; }                // the last line says so

private:
    void end_line();

    std::uint64_t bytes_;
    std::uint64_t keys_;
    std::string line_{};  // its beginning
    std::optional<Mark> mark_{};
    bool complete_ = false;
};

}  // namespace alcove::cli

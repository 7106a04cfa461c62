// How far a watch has told: in memory, and in a file from which it goes on another time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace alcove::cli {

class WatchPlace {
public:
    // Begins with what the file holds, when there is one. Empty: no file. Throws Failure.
    explicit WatchPlace(std::string file);

    bool has_file() const { return !file_.empty(); }

    // Of the server's; empty: there is none to go on from.
    const std::string& cursor() const { return cursor_; }

    // Whether this version, which comes behind the cursor, was told before. 0 is none.
    bool has_told(std::uint64_t version) const { return version != 0 && version <= version_; }

    // The next cursor may be some way off: all of this version was told.
    void pass_version(std::uint64_t version);

    // All up to this cursor was told.
    void reach(std::string_view cursor);

    // There is none to go on from. The file keeps the former one until there is.
    void forget();

    // To the file, when it holds something else: at most once a second, or at once. Throws Failure.
    void save_when_due();
    void save();

private:
    std::string file_;
    std::string cursor_{};
    std::uint64_t version_ = 0;
    bool is_saved_ = true;
    std::chrono::steady_clock::time_point saved_at_{};
};

}  // namespace alcove::cli

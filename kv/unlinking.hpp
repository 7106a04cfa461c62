// The unlinking of files of a data folder, which a backup of it holds back while it copies them.
#pragma once

#include <filesystem>
#include <mutex>

namespace alcove::kv {

// Both sides lock one file of the folder, `backup.lock`: backups share it, the store takes it for itself around
// each batch. The system drops the lock with the process, so a backup that dies holds back nothing.

// The store's side. Thread-safe.
class Unlinking {
public:
    explicit Unlinking(const std::filesystem::path& folder);
    ~Unlinking();
    Unlinking(const Unlinking&) = delete;
    Unlinking& operator=(const Unlinking&) = delete;

    // Runs `unlink`, during which no backup begins. False, and nothing is run, while one is under way.
    template <class Unlink>
    bool run(Unlink unlink) {
        const Turn turn(*this);
        if (turn.taken) unlink();
        return turn.taken;
    }

private:
    struct Turn {
        explicit Turn(Unlinking& of);
        ~Turn();
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

        const std::lock_guard<std::mutex> lock;  // the system's lock is the descriptor's, whichever thread asks
        const int fd;
        const bool taken;
    };

    std::mutex mutex_;
    const int fd_;
};

// A backup's side: nothing of the folder is unlinked for as long as it lives.
class UnlinkingHeld {
public:
    // Waits for a batch that is under way. Throws StoreFailure when that takes longer than any batch does.
    explicit UnlinkingHeld(const std::filesystem::path& folder);
    ~UnlinkingHeld();
    UnlinkingHeld(const UnlinkingHeld&) = delete;
    UnlinkingHeld& operator=(const UnlinkingHeld&) = delete;

private:
    const int fd_;
};

}  // namespace alcove::kv

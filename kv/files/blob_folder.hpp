// The folder in which the contents of larger files lie, each in a file of its own: `blobs/<aa>/<id>`.
#pragma once

#include <atomic>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/functional/hash.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "kv/file.hpp"
#include "kv/files/content.hpp"
#include "kv/unlinking.hpp"

namespace alcove::kv {

namespace asio = boost::asio;

// Where a content lies, as a path below the folder: <aa>/<id>.
std::string path_of(const BlobId& id);
// nullopt when it is none of these.
std::optional<BlobId> parse_blob_path(std::string_view path);

// Operation: contents are written once and never changed. One that no record names any more is unlinked, when no
// backup holds that back; who has it open reads on. What a crash leaves behind, because its commit never came or
// its removal did not, is found by sweep().
//
// Concurrency: thread-safe. What may wait for the disk runs on threads of its own, so that neither connections nor
// the writer do. They have a lower priority too: where there is more to do than cores, whole files are what waits.
//
// Errors: StoreFailure.
class BlobFolder {
public:
    // `unlinking` must outlive it.
    BlobFolder(std::filesystem::path folder, Unlinking& unlinking, std::function<void(std::string_view)> notice);
    ~BlobFolder();  // calls stop()

    // A blob that is being written. It is removed with its last owner, unless a record names it by then.
    class Writing {
    public:
        explicit Writing(BlobFolder& folder);  // makes the file; for the folder's own threads
        ~Writing();
        Writing(const Writing&) = delete;
        Writing& operator=(const Writing&) = delete;

        const BlobId& id() const { return id_; }
        // These give 0 or the system's error; for the folder's own threads.
        int append(std::string_view bytes);
        int sync();  // content and name are durable afterwards

        // Whether a record names it. While that is not known, because the commit is under way, it stays; if it
        // never gets known, the next start finds out.
        enum class Fate : std::uint8_t { unwanted, unknown, wanted };
        void set(Fate fate) { fate_ = fate; }

    private:
        BlobFolder& folder_;
        const BlobId id_;
        std::unique_ptr<Descriptor> file_;
        std::uint64_t size_ = 0;
        std::uint64_t flushed_ = 0;  // on their way to the disk up to here
        Fate fate_ = Fate::unwanted;
    };

    // nullptr when it is not there.
    std::shared_ptr<const Descriptor> open(const BlobId& id) const;

    // All that lie in the folder, whole or not.
    std::vector<BlobId> list() const;

    // Unlinks them behind. While a backup holds that back, backup::limits::held_blobs_max of them are remembered;
    // the next start finds the others.
    void remove(std::vector<BlobId> ids);

    // Tries again, behind, what was held back. To be called from time to time.
    void remove_held();

    // Removes, behind, what is neither being written nor wanted.
    void sweep(std::function<bool(const BlobId&)> wanted);

    // Runs `work` on one of the folder's threads; to be awaited, gives what it returns, which is not void. It must
    // not throw, and own what it uses: who awaits it may be gone before it runs.
    template <class Work>
    auto run(Work work) {
        using Outcome = std::invoke_result_t<Work&>;
        auto initiate = [this](auto handler, Work task) {
            asio::post(work_, [handler = std::move(handler), task = std::move(task)]() mutable {
                const auto executor = asio::get_associated_executor(handler);
                asio::post(executor, [handler = std::move(handler), outcome = task()]() mutable {
                    std::move(handler)(std::move(outcome));
                });
            });
        };
        return asio::async_initiate<const asio::deferred_t, void(Outcome)>(std::move(initiate), asio::deferred,
                                                                           std::move(work));
    }

    // Finishes what run() and remove() were given, and gives up a sweep.
    void stop();

private:
    std::filesystem::path path_of(const BlobId& id) const;
    void unlink(const BlobId& id) const;
    void unlink_unwanted();
    void sweep_now(const std::function<bool(const BlobId&)>& wanted);

    const std::filesystem::path folder_;
    Unlinking& unlinking_;
    const std::function<void(std::string_view)> notice_;
    std::atomic<bool> stopping_ = false;
    std::mutex mutex_;
    std::unordered_set<BlobId, boost::hash<BlobId>> writing_;  // no sweep may touch these
    std::vector<BlobId> unwanted_;                             // to be unlinked
    bool unlinking_posted_ = false;
    asio::io_context work_;
    asio::executor_work_guard<asio::io_context::executor_type> guard_{work_.get_executor()};
    std::vector<std::thread> threads_;
};

}  // namespace alcove::kv

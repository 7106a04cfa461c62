// Deletes end users and workspaces: identity first, then their data, so that a crash between leaves nothing
// readable.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "scopes/background.hpp"
#include "scopes/end_users.hpp"
#include "scopes/error.hpp"
#include "scopes/system_store.hpp"
#include "scopes/uuid.hpp"

namespace alcove::scopes {

// *Operation*: one commit removes what identity knows of the owner (an end user's connections and tokens too) and
// writes a job. Then the store drops the
// owner's namespaces, which also refuses every write that is under way, then the job goes. Of a workspace, the
// records below it (unreachable by then) are removed in bounded commits behind the answer, before the job goes.
//
// *Concurrency*: every call may come from any thread. What runs behind an answer runs on a thread of its own; the
// destructor lets it finish its step and waits for it, so the store must outlive the object.
//
// *Limitations*: a job that was cut off, or that the store refused to run (closing, overloaded for seconds), waits
// for resume_jobs().
class Deletion {
public:
    // `notice` is told what an operator should know. Any thread.
    Deletion(SystemStore& records, EndUsers& end_users, std::function<void(std::string_view)> notice);
    ~Deletion();
    Deletion(const Deletion&) = delete;
    Deletion& operator=(const Deletion&) = delete;

    // end_user_not_found. After it, nothing of the end user is readable.
    asio::awaitable<Result<void>> delete_end_user(Uuid id, std::optional<kv::RequestId> request = {});

    // workspace_not_found. After it, nothing of the workspace is readable.
    asio::awaitable<Result<void>> delete_workspace(Uuid id, std::optional<kv::RequestId> request = {});

    // Finishes what an earlier process began. Before the first request. Finishing twice is no error.
    asio::awaitable<Result<void>> resume_jobs();

private:
    asio::awaitable<Result<void>> drop(DropJob job);
    asio::awaitable<Result<void>> clear_records(DropJob job);
    asio::awaitable<Result<void>> erase_dependents(RecordCommit& commit, Uuid workspace, Uuid end_user);
    asio::awaitable<Result<void>> clear_outside(std::string prefix,
                                                void (*erase_outside)(RecordCommit& step, const kv::Item& item));
    asio::awaitable<void> clear_behind(DropJob job);

    SystemStore& records_;
    EndUsers& end_users_;
    std::function<void(std::string_view)> notice_;
    std::atomic<bool> stopping_ = false;
    Background behind_;
};

}  // namespace alcove::scopes

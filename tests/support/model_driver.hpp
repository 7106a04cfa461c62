// Drives an engine and the model through the same history and stops at the first difference.
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "kv/lmdb/engine.hpp"
#include "tests/support/history.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/model.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {

// Says what differs, with both states.
class Difference : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

class ModelDriver {
public:
    static constexpr std::uint64_t history_unbounded = std::uint64_t{1} << 40;

    // With a bound the history may forget, but never tells something wrong.
    explicit ModelDriver(std::uint64_t seed, std::uint64_t history_bytes = history_unbounded);

    // One random step: a commit, several at once, a read, a move of the clock, a drop, an emptying, a reopening.
    // Throws Difference.
    void step();

    // Compares everything.
    void verify();

    std::size_t operations() const { return operations_; }  // done so far, reads included
    std::size_t replays() const { return replays_; }
    std::size_t expirations() const;
    std::size_t reopenings() const { return reopenings_; }
    std::size_t drops() const { return drops_; }
    std::size_t empties() const { return empties_; }
    std::size_t quotas() const { return quotas_; }
    std::size_t refusals() const { return refusals_; }  // for a quota

private:
    struct Space {
        kv::NamespaceName name;
        ModelNamespace model;
        bool dropped = false;
        kv::Version verified_through = 0;  // of the history
        std::size_t changes_verified = 0;
    };
    struct Sent {
        Space* space;
        kv::Commit commit;
    };

    void open();
    void reopen();
    Space& any_space();
    void commit_one();
    void commit_at_once();
    bool is_logged_as(const Sent& sent, const kv::Committed& outcome) const;
    void take(Sent& sent, const kv::Result<kv::Committed>& outcome);
    void move_clock();
    void drop_one();
    void empty_one();
    void set_quota_one();
    void take_version(const kv::Result<kv::Version>& version, bool logged, const ModelNamespace& model);
    void read_one();
    void check_get(Space& space, const std::string& key, kv::Collection collection);
    void check_get_many(Space& space);
    void check_list(Space& space, const kv::KeyRange& range, kv::PageRequest request, kv::Collection collection);
    void check_usage(Space& space);
    void check_namespaces(const kv::Uuid& workspace);
    void check_changes(Space& space, kv::Version after, std::size_t changes_verified);
    void settle(Space& space);
    void check_dropped(Space& space);

    void expect(bool holds, const std::string& what, const std::string& engine, const std::string& model);

    const std::uint64_t seed_;
    const std::uint64_t history_bytes_;
    TemporaryFolder folder_;
    ManualClock clock_;
    HistoryGenerator history_;
    std::unique_ptr<kv::Engine> engine_;
    std::vector<std::unique_ptr<Space>> spaces_;
    std::vector<std::unique_ptr<Space>> dropped_;
    std::vector<kv::Version> versions_;
    Space* current_ = nullptr;
    std::string doing_;
    std::size_t steps_ = 0;
    std::size_t operations_ = 0;
    std::size_t replays_ = 0;
    std::size_t reopenings_ = 0;
    std::size_t drops_ = 0;
    std::size_t empties_ = 0;
    std::size_t quotas_ = 0;
    std::size_t refusals_ = 0;
    std::uint8_t next_subject_ = 10;
    kv::Version latest_ = 0;
};

}  // namespace alcove::test

// A real store in a folder of its own, with a clock that the test moves and calls that read like plain ones.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kv/lmdb/engine.hpp"
#include "tests/support/build.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/print.hpp"
#include "tests/support/run.hpp"
#include "tests/support/temporary_folder.hpp"

namespace alcove::test {

class StoreFixture {
public:
    StoreFixture() {
        options.directory = folder / "data";
        options.wall_clock = clock.source();
        options.segment_bytes = std::uint64_t{256} << 10;
        options.notice = [this](std::string_view text) { notices.emplace_back(text); };
    }

    kv::Engine& store() {
        if (!store_) store_ = kv::open_engine(options);
        return *store_;
    }
    void close() { store_.reset(); }
    void reopen() {
        close();
        store();
    }

    kv::Result<kv::Committed> commit(std::vector<kv::Operation> operations, std::vector<kv::Check> checks = {}) {
        return run(store().commit(name, commit_of(std::move(operations), std::move(checks))));
    }
    std::string get(std::string_view key) { return value(run(store().get(name, key))); }
    kv::Usage usage() { return run(store().usage(name)).value(); }

    // "put a@3, remove b@4"
    std::string changes(kv::Version after = 0) {
        const auto page = run(store().changes(name, after, 1000, std::size_t{1} << 20));
        if (!page) return std::string(kv::to_string(page.error().code));
        std::string text;
        for (const kv::Change& change : page->changes) {
            const char* kind = change.kind == kv::Change::Kind::put      ? "put "
                               : change.kind == kv::Change::Kind::remove ? "remove "
                               : change.kind == kv::Change::Kind::expire ? "expire "
                                                                         : "empty ";
            if (!text.empty()) text += ", ";
            text += kind + change.key;
        }
        return text;
    }

    TemporaryFolder folder;
    ManualClock clock;
    kv::EngineOptions options;
    kv::NamespaceName name = workspace_namespace();
    std::vector<std::string> notices;

private:
    std::unique_ptr<kv::Engine> store_;
};

// Waits for what a thread of the store does behind; false after ten seconds.
inline bool eventually(const std::function<bool()>& holds) {
    for (int i = 0; i < 1000; ++i) {
        if (holds()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
}

}  // namespace alcove::test

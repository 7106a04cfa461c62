#include "scopes/system_store.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <charconv>
#include <utility>

namespace alcove::scopes {
namespace {

constexpr std::size_t skipped_per_page = 1000;

}  // namespace

std::size_t RecordCommit::check_absent(std::string key) {
    commit_.checks.push_back({.key = std::move(key), .kind = kv::Check::Kind::absent});
    return commit_.checks.size() - 1;
}

std::size_t RecordCommit::check_present(std::string key) {
    commit_.checks.push_back({.key = std::move(key), .kind = kv::Check::Kind::present});
    return commit_.checks.size() - 1;
}

std::size_t RecordCommit::check_version(std::string key, Version version) {
    commit_.checks.push_back({.key = std::move(key), .kind = kv::Check::Kind::version, .version = version});
    return commit_.checks.size() - 1;
}

std::size_t RecordCommit::check_counted(std::string key, const std::optional<Version>& version) {
    return version ? check_version(std::move(key), *version) : check_absent(std::move(key));
}

void RecordCommit::put_main(std::string key, std::string json, kv::Expiry expiry) {
    assert(commit_.operations.empty());
    put(key, std::move(json), expiry);
    commit_.operations.emplace_back(kv::Get{.key = std::move(key)});
}

void RecordCommit::request(std::optional<kv::RequestId> id, std::string note) {
    commit_.request_id = std::move(id);
    if (commit_.request_id) commit_.request_id->note = std::move(note);
}

void RecordCommit::put(std::string key, std::string json, kv::Expiry expiry) {
    commit_.operations.emplace_back(kv::Put{
        .key = std::move(key), .value = std::move(json), .content_type = "application/json", .expiry = expiry});
}

void RecordCommit::put_sequential(std::string prefix, std::string json, kv::Expiry expiry) {
    commit_.operations.emplace_back(
        kv::PutSequential{.prefix = std::move(prefix),
                          .suffix = print(Place{.index = sequential_++}).substr(kv::version_digits),
                          .value = std::move(json),
                          .content_type = "application/json",
                          .expiry = expiry});
}

std::string print(const Place& place) {
    const auto index = kv::sequential_key({}, place.index, {}).substr(2 * kv::version_digits - Place::text_length);
    return kv::sequential_key({}, place.version, index);
}

std::optional<Place> parse_place(std::string_view text) {
    if (text.size() != Place::text_length) return std::nullopt;
    const auto read = [](std::string_view digits, auto& number) {
        const auto* end = digits.data() + digits.size();
        return std::from_chars(digits.data(), end, number, 16).ptr == end;
    };
    Place place;
    const bool whole = read(text.substr(0, kv::version_digits), place.version) &&
                       read(text.substr(kv::version_digits), place.index);
    if (!whole || print(place) != text) return std::nullopt;
    return place;
}

void RecordCommit::erase(std::string key) {
    commit_.operations.emplace_back(kv::Delete{.key = std::move(key)});
}

void RecordCommit::take_away(std::string key) {
    commit_.operations.emplace_back(kv::Get{.key = key});
    erase(std::move(key));
}

void RecordCommit::count(std::string key, std::int64_t by) {
    commit_.operations.emplace_back(kv::Increment{.key = std::move(key), .by = by});
}

asio::awaitable<Result<std::optional<kv::Entry>>> SystemStore::find(std::string key) {
    auto entry = co_await store_.get(name_, key);
    if (entry) co_return std::optional<kv::Entry>(std::move(*entry));
    if (entry.error().code == kv::Errc::not_found) co_return std::optional<kv::Entry>();
    co_return store_error(entry.error());
}

asio::awaitable<Result<std::vector<std::optional<kv::Entry>>>> SystemStore::find_many(
    std::vector<std::string> keys) {
    auto entries = co_await store_.get_many(name_, keys);
    if (!entries) co_return store_error(entries.error());
    co_return std::move(*entries);
}

asio::awaitable<Result<std::uint64_t>> SystemStore::total(std::string key) {
    if (key.empty()) co_return std::uint64_t{0};
    auto found = co_await counted(std::move(key));
    if (!found) co_return found.error();
    co_return found->total;
}

asio::awaitable<Result<Counted>> SystemStore::counted(std::string key) {
    auto entry = co_await find(std::move(key));
    if (!entry) co_return entry.error();
    Counted counted;
    if (*entry) {
        const auto& text = (*entry)->value;
        std::from_chars(text.data(), text.data() + text.size(), counted.total);
        counted.version = (*entry)->version;
    }
    co_return counted;
}

asio::awaitable<Result<Listing<StoredRecord>>> SystemStore::list(std::string prefix, std::string total_key,
                                                                 ListRequest request) {
    Listing<StoredRecord> listing;
    auto count = co_await total(std::move(total_key));
    if (!count) co_return count.error();
    listing.total = *count;

    kv::KeyRange range;
    range.prefix = std::move(prefix);
    kv::PageRequest page_request;
    page_request.after = std::move(request.cursor);
    for (std::size_t left = page_request.after.empty() ? request.offset : 0; left > 0;) {
        page_request.entries_max = std::min(left, skipped_per_page);
        auto skipped = co_await store_.list(name_, range, page_request);
        if (!skipped) co_return store_error(skipped.error());
        if (skipped->next.empty()) co_return listing;
        left -= std::min(left, skipped->items.size());
        page_request.after = std::move(skipped->next);
    }

    page_request.values = kv::Values::include;
    while (listing.items.size() < request.limit) {  // a page may end early: it is bounded in bytes too
        page_request.entries_max = request.limit - listing.items.size();
        auto page = co_await store_.list(name_, range, page_request);
        if (!page && page.error().code == kv::Errc::invalid) {
            co_return bad_cursor();
        }
        if (!page) co_return store_error(page.error());
        for (const auto& item : page->items)
            listing.items.push_back({.key = std::string(item.key), .entry = kv::to_entry(item.entry)});
        listing.next = page->next;
        page_request.after = std::move(page->next);
        if (listing.next.empty()) break;
    }
    co_return listing;
}

asio::awaitable<Result<void>> SystemStore::walk(std::string prefix, kv::Values values, Visitor visit) {
    kv::KeyRange range;
    range.prefix = std::move(prefix);
    kv::PageRequest request;
    request.entries_max = skipped_per_page;
    request.values = values;
    for (;;) {
        auto page = co_await store_.list(name_, range, request);
        if (!page) co_return store_error(page.error());
        for (const auto& item : page->items) {
            if (!visit(item.key, item.entry)) co_return Result<void>();
        }
        if (page->next.empty()) co_return Result<void>();
        request.after = std::move(page->next);
        auto executor = co_await asio::this_coro::executor;
        co_await asio::post(executor, asio::use_awaitable);
    }
}

asio::awaitable<Result<std::optional<kv::Committed>>> SystemStore::recall(std::optional<kv::RequestId> request) {
    if (!request) co_return std::optional<kv::Committed>();
    auto recalled = co_await store_.recall(name_, *request);
    if (!recalled) co_return store_error(recalled.error());
    co_return std::move(*recalled);
}

asio::awaitable<kv::Result<kv::Committed>> SystemStore::commit(RecordCommit records) {
    auto commit = records.take();
    auto outcome = co_await store_.commit(name_, std::move(commit));
    co_return outcome;
}

Uuid id_at_end(std::string_view key) {
    constexpr std::size_t uuid_length = 36;
    const auto id = parse_uuid(key.substr(key.size() - std::min(key.size(), uuid_length)));
    if (!id) throw kv::StoreFailure("a record of the system namespace has a key without a UUID");
    return *id;
}

Uuid noted_id(const kv::Committed& committed) {
    const auto id = parse_uuid(committed.note);
    if (!id) throw kv::StoreFailure("an earlier request's outcome names no id");
    return *id;
}

const kv::Entry& main_record(const kv::Committed& committed) {
    return *committed.results[1].entry;
}

const kv::FailedCheck* failed_check(const kv::Error& error, std::size_t index) {
    const auto found = std::ranges::find(error.failed, index, &kv::FailedCheck::index);
    return found == error.failed.end() ? nullptr : &*found;
}

}  // namespace alcove::scopes

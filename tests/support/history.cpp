// Random commits and reads over few keys that collide a lot.
#include "tests/support/history.hpp"

#include "tests/support/build.hpp"

namespace alcove::test {

namespace {

constexpr std::size_t keys_in_use = 48;

// The last ones stand at the edges of byte order: the highest code point, and what no UTF-8 holds.
const std::vector<std::string> letters = {"a",    "b", "/", "a/",         "ab",  "\x01",
                                          "\x7f", "é", "ÿ", "\U0010ffff", "\xff"};

}  // namespace

HistoryGenerator::HistoryGenerator(std::uint64_t seed) : random_(seed) {
    while (keys_.size() < keys_in_use)
        keys_.push_back(make_key());
}

std::string HistoryGenerator::make_key() {
    std::string key;
    const std::size_t length = 1 + below(4);
    if (one_in(8)) key.assign(kv::limits::key_bytes_max - 1 - below(3), one_in(2) ? 'a' : '\xff');
    for (std::size_t i = 0; i < length; ++i) {
        const std::string& letter = any_of(letters);
        if (key.size() + letter.size() <= kv::limits::key_bytes_max) key += letter;
    }
    return key;
}

std::string HistoryGenerator::json() {
    const std::vector<std::string> texts = {"1",
                                            "2",
                                            "1.0",
                                            "-7",
                                            "9223372036854775807",
                                            "0.5",
                                            "\"a\"",
                                            "\"é\"",
                                            "null",
                                            "true",
                                            "[]",
                                            "[1,2]",
                                            "{}",
                                            R"({"a":1})",
                                            R"({"a":{"b":[1]}})",
                                            R"([{"b":1,"a":2}])",
                                            R"({"a":null,"c":2})"};
    return any_of(texts);
}

std::string HistoryGenerator::value() {
    if (one_in(400)) return std::string(100'000 + below(100'000), 'L');  // larger than a tiny segment
    if (one_in(10)) return std::string(below(3'000), static_cast<char>(below(256)));
    return std::string(below(20), static_cast<char>('a' + below(26)));
}

kv::Expiry HistoryGenerator::expiry(kv::TimeMs now_ms) {
    if (!one_in(3)) return kv::Expiry::never();
    const auto ms = static_cast<kv::TimeMs>(1 + below(one_in(2) ? 50 : 5'000));
    if (one_in(2)) return kv::Expiry::after(ms);
    return kv::Expiry::at(one_in(10) ? now_ms - ms : now_ms + ms);
}

kv::Operation HistoryGenerator::put(kv::TimeMs now_ms) {
    const std::vector<std::string> types = {"application/octet-stream", "text/plain", "", "text/html; charset=x"};
    if (one_in(3)) return test::put(key(), json(), expiry(now_ms), "application/json");
    return test::put(key(), value(), expiry(now_ms), any_of(types));
}

kv::Operation HistoryGenerator::operation(kv::TimeMs now_ms) {
    switch (below(21)) {
        case 0:
        case 1:
            return get(key());
        case 2:
        case 3:
        case 4:
            return del(key());
        case 5: {
            kv::DeletePrefix operation;
            operation.prefix = key().substr(0, one_in(30) ? 0 : 1 + below(3));
            operation.keys_max = one_in(3) ? 1 + below(4) : 10'000;
            operation.partial = one_in(2);
            return operation;
        }
        case 6:
        case 7:
            if (one_in(4)) return kv::Increment{.key = key(), .by = 0.25};
            return increment(key(), static_cast<std::int64_t>(below(100)) - 50);
        case 8:
            return append(key(), value(), one_in(2) ? ", " : "");
        case 9:
            return add_to_list(key(), json(), one_in(2));
        case 10:
            return remove_from_list(key(), json());
        case 11:
            return merge(key(), one_in(4) ? json() : R"({"a":{"x":1},"b":null})");
        case 12:
            return put_sequential(key().substr(0, 3), any_of(std::vector<std::string>{"", "/0", "/1"}), value(),
                                  expiry(now_ms));
        case 13:
        case 14:
            return touch(key(), expiry(now_ms));
        default:
            return put(now_ms);
    }
}

kv::Commit HistoryGenerator::commit(kv::TimeMs now_ms, const std::vector<kv::Version>& versions) {
    kv::Commit commit;
    const std::size_t operations = one_in(3) ? 1 : below(one_in(20) ? 60 : 8);
    // Operations that may not fit the value fail the whole commit: large ones are mostly puts.
    for (std::size_t i = 0; i < operations; ++i) {
        commit.operations.push_back(operations > 3 && !one_in(6) ? put(now_ms) : operation(now_ms));
    }
    const std::size_t checks = one_in(4) ? 1 + below(2) : 0;
    for (std::size_t i = 0; i < checks; ++i) {
        const auto version = versions.empty() || one_in(5) ? below(100) : any_of(versions);
        const std::vector<kv::Check> choices = {absent(key()), present(key()), at_version(key(), version)};
        commit.checks.push_back(any_of(choices));
    }
    if (one_in(8)) commit.collection = kv::Collection::file;
    if (one_in(15)) commit.value_bytes_max = below(200);
    if (one_in(15)) {
        commit.request_id = kv::RequestId{.id = "request-" + std::to_string(below(20)), .digest = ""};
        commit.request_id->digest = one_in(4) ? "other" : "same";
    }
    return commit;
}

kv::KeyRange HistoryGenerator::range() {
    kv::KeyRange range;
    if (one_in(2)) range.prefix = key().substr(0, 1 + below(3));
    if (one_in(4)) range.start = key();
    if (one_in(4)) range.end = key();
    if (one_in(3)) range.delimiter = any_of(letters);
    return range;
}

kv::PageRequest HistoryGenerator::page_request() {
    kv::PageRequest request;
    request.entries_max = one_in(3) ? 100 : 1 + below(6);
    request.bytes_max = one_in(4) ? below(200) : std::size_t{1} << 20;
    request.order = one_in(2) ? kv::Order::ascending : kv::Order::descending;
    request.values = one_in(2) ? kv::Values::omit : kv::Values::include;
    return request;
}

}  // namespace alcove::test

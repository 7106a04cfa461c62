#include "scopes/reseal.hpp"

#include <string>
#include <utility>
#include <vector>

namespace alcove::scopes {

asio::awaitable<Result<std::size_t>> reseal(SystemStore& records, const Vault& vault) {
    std::vector<std::string> stale;
    auto collect = [&stale, &vault](std::string_view key, const kv::EntryView& entry) {
        if (!vault.is_current(parse_record<SealedRecord>(entry.value).text)) stale.emplace_back(key);
        return true;
    };
    auto prefix = std::string(keys::sealed_all);
    auto walked = co_await records.walk(std::move(prefix), kv::Values::include, collect);
    if (!walked) co_return walked.error();
    std::size_t resealed = 0;
    for (const auto& key : stale) {
        auto entry = co_await records.find(key);
        if (!entry) co_return entry.error();
        if (!*entry) continue;  // deleted meanwhile
        auto record = parse_record<SealedRecord>((*entry)->value);
        const auto owner = format_uuid(id_at_end(key));
        const auto secret = vault.open(record.text, owner);
        if (!secret) throw kv::StoreFailure("the secret of " + owner + " does not open with this master key");
        record.text = vault.seal(*secret, owner);
        RecordCommit commit;
        commit.check_version(key, (*entry)->version);
        commit.put(key, print(record));
        auto outcome = co_await records.commit(std::move(commit));
        if (outcome) {
            ++resealed;
        } else if (outcome.error().code != kv::Errc::check_failed) {
            co_return store_error(outcome.error());
        }
    }
    co_return resealed;
}

}  // namespace alcove::scopes

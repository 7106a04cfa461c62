// A workspace `acme` whose end users' external ids change, with outcomes and states in one line.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/scopes/identity_fixture.hpp"

namespace alcove::test {

using Renames = std::vector<scopes::ExternalIdRename>;

inline std::string_view name_of(scopes::ExternalIdOutcome outcome) {
    using enum scopes::ExternalIdOutcome;
    switch (outcome) {
        case done:
            return "done";
        case unknown:
            return "unknown";
        case not_primary:
            return "not_primary";
        case not_deprecated:
            return "not_deprecated";
        case in_use:
            return "in_use";
        case same:
            return "same";
        case malformed:
            return "malformed";
        case too_many:
            return "too_many";
    }
    return "?";
}

// "done, in_use", with "replayed: " before those of an earlier call; or what refused the call.
inline std::string text_of(const scopes::Result<scopes::Written<scopes::ExternalIdOutcomes>>& written) {
    if (!written) return outcome(written);
    std::string text;
    for (const auto one : written->resource)
        text.append(text.empty() ? "" : ", ").append(name_of(one));
    return (written->replayed ? "replayed: " : "") + text;
}

// "now (former, older)"
inline std::string text_of(const scopes::EndUser& end_user) {
    std::string formers;
    for (const auto& former : end_user.deprecated_external_ids)
        formers.append(formers.empty() ? "" : ", ").append(former);
    return end_user.external_id + (formers.empty() ? "" : " (" + formers + ")");
}

class ExternalIdsFixture : public IdentityFixture {
public:
    std::string rename(Renames items, std::optional<kv::RequestId> request = {}) {
        return text_of(run(identity().external_ids.rename(workspace, std::move(items), std::move(request))));
    }
    std::string remove(std::vector<std::string> items, std::optional<kv::RequestId> request = {}) {
        return text_of(run(identity().external_ids.remove(workspace, std::move(items), std::move(request))));
    }
    std::string show(const kv::Uuid& id) {
        const auto end_user = run(identity().end_users.get(id));
        return end_user ? text_of(*end_user) : outcome(end_user);
    }
    // Whom the external id leads to, by the ways that there are; they must agree.
    std::optional<kv::Uuid> lead(std::string_view external_id) {
        const auto found =
            run(identity().end_users.get_by_external_id(workspace, *scopes::ExternalId::parse(external_id)));
        const auto name = resolve("acme", external_id);
        BOOST_TEST(bool(found) == name.has_value());
        if (!found || !name) return std::nullopt;
        BOOST_TEST((name->subject == scopes::uuid_bytes(found->id)));
        return found->id;
    }

    std::vector<scopes::EndUser> all_end_users(const kv::Uuid& of) {
        scopes::ListRequest request{.limit = 1000};
        auto listing = run(identity().end_users.list(of, std::move(request))).value();
        BOOST_TEST(listing.total == listing.items.size());
        return std::move(listing.items);
    }

    // What stands for the end users' external ids must be what the end users say, and nothing else.
    void check_records(const kv::Uuid& of) {
        std::map<std::string, std::string> expected;
        using scopes::ExternalIdRecord;
        const auto expect = [&](const kv::Uuid& id, const std::string& external_id,
                                ExternalIdRecord::Standing standing) {
            const auto key = scopes::keys::end_user_external_id(of, external_id);
            const bool is_first =
                expected.emplace(key, scopes::print(ExternalIdRecord{.end_user = id, .standing = standing})).second;
            BOOST_TEST(is_first, external_id << " belongs to two");
        };
        for (const auto& end_user : all_end_users(of)) {
            expect(end_user.id, end_user.external_id, ExternalIdRecord::Standing::primary);
            for (const auto& former : end_user.deprecated_external_ids)
                expect(end_user.id, former, ExternalIdRecord::Standing::deprecated);
        }
        std::map<std::string, std::string> found;
        const auto collect = [&found](std::string_view key, const kv::EntryView& entry) {
            found.emplace(key, entry.value);
            return true;
        };
        auto prefix = scopes::keys::owned(of) + "end_user_external_id/";
        BOOST_REQUIRE(run(identity().records.walk(std::move(prefix), kv::Values::include, collect)));
        BOOST_TEST((found == expected));
    }

    const kv::Uuid workspace = create_workspace("acme");
};

}  // namespace alcove::test

// External ids under random histories, against a plain model in memory, and under threads that know nothing of each
// other.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/scopes/external_ids_fixture.hpp"

namespace alcove::test {
namespace {

using scopes::ExternalIdOutcome;

struct ModelUser {
    int made = 0;  // in which step
    std::string primary;
    std::vector<std::string> deprecated;
    std::map<std::string, std::string> data;
};

// What the rules say, as simply as they can be said.
class Model {
public:
    std::map<kv::Uuid, ModelUser> users;

    const kv::Uuid* owner(const std::string& external_id) const {
        for (const auto& [id, user] : users) {
            if (user.primary == external_id || std::ranges::count(user.deprecated, external_id) > 0) return &id;
        }
        return nullptr;
    }
    // The oldest first: ids differ from run to run, so their order must decide nothing.
    std::vector<kv::Uuid> by_age() const {
        std::vector<kv::Uuid> ids;
        for (const auto& [id, user] : users)
            ids.push_back(id);
        std::ranges::sort(ids, {}, [this](const auto& id) { return users.at(id).made; });
        return ids;
    }
    ExternalIdOutcome rename(const scopes::ExternalIdRename& item) {
        if (item.current == item.wanted) return ExternalIdOutcome::same;
        if (item.wanted.empty()) return ExternalIdOutcome::malformed;
        const auto* id = owner(item.current);
        if (id == nullptr) return ExternalIdOutcome::unknown;
        auto& user = users.at(*id);
        if (user.primary != item.current) return ExternalIdOutcome::not_primary;
        if (owner(item.wanted) != nullptr) return ExternalIdOutcome::in_use;
        if (user.deprecated.size() == scopes::deprecated_external_ids_max) return ExternalIdOutcome::too_many;
        user.deprecated.push_back(item.current);
        user.primary = item.wanted;
        return ExternalIdOutcome::done;
    }
    ExternalIdOutcome remove(const std::string& external_id) {
        const auto* id = owner(external_id);
        if (id == nullptr) return ExternalIdOutcome::unknown;
        auto& user = users.at(*id);
        if (user.primary == external_id) return ExternalIdOutcome::not_deprecated;
        std::erase(user.deprecated, external_id);
        return ExternalIdOutcome::done;
    }
};

class Random {
public:
    explicit Random(std::uint64_t seed) : random_(seed) {}

    std::size_t below(std::size_t end) { return random_() % end; }
    // Of so few that they meet all the time.
    std::string name() { return std::string(1, static_cast<char>('a' + below(12))); }
    std::string external_id() { return below(40) == 0 ? "" : name(); }
    Renames renames() {
        Renames items(1 + below(4));
        for (auto& item : items)
            item = {.current = external_id(), .wanted = external_id()};
        return items;
    }
    std::vector<std::string> removals() {
        std::vector<std::string> items(1 + below(4));
        for (auto& item : items)
            item = external_id();
        return items;
    }

private:
    std::mt19937_64 random_;
};

struct ModelFixture : ExternalIdsFixture {
    struct Place {
        kv::Uuid id{};
        std::string slug;
        Model model;
        std::vector<kv::NamespaceName> deleted;  // whose data must stay gone
    };
    struct Sent {
        Place* place = nullptr;
        kv::RequestId request;
        std::vector<std::string> removals;
        Renames renames;
        std::string outcomes;
    };

    std::vector<Place> places;
    std::optional<Sent> sent;  // the last call, to be sent again
    int steps = 0, changes = 0, replays = 0, deletions = 0, restarts = 0;
    std::string history;  // what happened, without what differs from run to run

    void note(const std::string& what) { history.append(what).append("\n"); }

    void start() {
        for (const std::string& slug : {"one-" + std::to_string(steps), "two-" + std::to_string(steps)})
            places.push_back({.id = create_workspace(slug), .slug = slug, .model = {}, .deleted = {}});
    }
    static kv::NamespaceName namespace_of(const Place& place, const kv::Uuid& id) {
        return {.scope = kv::Scope::end_user, .workspace = place.id, .subject = scopes::uuid_bytes(id)};
    }
    std::string send(const Sent& what) {
        auto& ids = identity().external_ids;
        const auto& workspace = what.place->id;
        return what.renames.empty() ? text_of(run(ids.remove(workspace, what.removals, what.request)))
                                    : text_of(run(ids.rename(workspace, what.renames, what.request)));
    }
    void change(Place& place, Random& random) {
        Sent now{.place = &place, .request = {.id = "r" + std::to_string(steps), .digest = "d", .note = {}}};
        scopes::ExternalIdOutcomes expected;
        if (random.below(3) > 0) {
            now.renames = random.renames();
            for (const auto& item : now.renames)
                expected.push_back(place.model.rename(item));
        } else {
            now.removals = random.removals();
            for (const auto& item : now.removals)
                expected.push_back(place.model.remove(item));
        }
        changes += static_cast<int>(std::ranges::count(expected, ExternalIdOutcome::done));
        now.outcomes = text_of(scopes::Written<scopes::ExternalIdOutcomes>{.resource = expected});
        BOOST_TEST(send(now) == now.outcomes);
        note(now.outcomes);
        sent = std::move(now);
    }
    void replay() {
        if (!sent) return;
        BOOST_TEST(send(*sent) == "replayed: " + sent->outcomes);
        ++replays;
    }
    void create(Place& place, const std::string& external_id) {
        if (external_id.empty()) return;
        const auto made = run(identity().end_users.create(new_end_user(place.id, external_id)));
        BOOST_TEST(outcome(made) == (place.model.owner(external_id) == nullptr ? "ok" : "duplicate"));
        if (made)
            place.model.users[(*made)->id] = {.made = steps, .primary = external_id, .deprecated = {}, .data = {}};
        note("create " + external_id);
    }
    void destroy(Place& place, Random& random) {
        if (place.model.users.empty()) return;
        const auto victim = place.model.by_age()[random.below(place.model.users.size())];
        note("destroy " + place.model.users.at(victim).primary);
        BOOST_TEST(outcome(run(identity().deletion.delete_end_user(victim))) == "ok");
        place.deleted.push_back(namespace_of(place, victim));
        place.model.users.erase(victim);
        ++deletions;
    }
    void use(Place& place, const std::string& external_id, Random& random) {
        const auto* owner = place.model.owner(external_id);
        const auto name = resolve(place.slug, external_id);
        BOOST_REQUIRE(name.has_value() == (owner != nullptr));
        if (owner == nullptr) return;
        BOOST_REQUIRE((*name == namespace_of(place, *owner)));
        const auto key = "k" + std::to_string(random.below(4));
        auto& data = place.model.users.at(*owner).data;
        BOOST_TEST(read(*name, key) == (data.contains(key) ? data.at(key) : "not_found"));
        data[key] = std::to_string(steps);
        BOOST_TEST(write(*name, key, data[key]));
    }
    void step(Random& random) {
        auto& place = places[random.below(places.size())];
        const auto kind = random.below(100);
        ++steps;
        if (kind < 45) {
            change(place, random);
        } else if (kind < 60) {
            create(place, random.external_id());
        } else if (kind < 66) {
            destroy(place, random);
        } else if (kind < 70) {
            replay();
        } else if (kind < 71) {
            reopen();
            ++restarts;
        } else {
            use(place, random.external_id(), random);
        }
        if (steps % 50 == 0) verify(place);
    }
    void verify(Place& place) {
        const auto listed = all_end_users(place.id);
        BOOST_TEST(listed.size() == place.model.users.size());
        for (const auto& end_user : listed) {
            const auto& expected = place.model.users.at(end_user.id);
            const auto text = text_of(
                scopes::EndUser{.external_id = expected.primary, .deprecated_external_ids = expected.deprecated});
            BOOST_TEST(text_of(end_user) == text);
            BOOST_TEST(show(end_user.id) == text);
            kv::PageRequest request;
            request.values = kv::Values::include;
            const auto page = run(store().list(namespace_of(place, end_user.id), {}, request)).value();
            std::map<std::string, std::string> data;
            for (const auto& item : page.items)
                data.emplace(item.key, item.entry.value);
            BOOST_TEST((data == expected.data));
        }
        for (char name = 'a'; name < 'a' + 12; ++name) {
            const std::string external_id(1, name);
            const auto found = resolve(place.slug, external_id);
            const auto* owner = place.model.owner(external_id);
            BOOST_TEST((found == (owner ? std::optional(namespace_of(place, *owner)) : std::nullopt)));
        }
        for (const auto& name : place.deleted)
            BOOST_TEST(read(name, "k" + std::to_string(steps % 4)) == "not_found");
        check_records(place.id);
    }
};

BOOST_AUTO_TEST_SUITE(external_ids_model)

BOOST_AUTO_TEST_CASE(random_histories_give_the_outcomes_of_the_model) {
    constexpr int seeds = 6;
    constexpr int steps_each = 1000;
    int done = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        ModelFixture world;
        Random random(seed);
        world.start();
        while (world.steps < steps_each)
            world.step(random);
        for (auto& place : world.places)
            world.verify(place);
        done += world.steps;
        BOOST_TEST_MESSAGE("seed " << seed << ": " << world.steps << " steps, " << world.changes << " ids changed, "
                                   << world.replays << " replays, " << world.deletions << " deletions, "
                                   << world.restarts << " restarts");
    }
    BOOST_TEST(done == seeds * steps_each);
}

BOOST_AUTO_TEST_CASE(a_seed_gives_the_same_history_again) {
    const auto history_of = [](std::uint64_t seed) {
        ModelFixture world;
        Random random(seed);
        world.start();
        while (world.steps < 300)
            world.step(random);
        BOOST_TEST(world.deletions > 0);
        return world.history;
    };
    const auto first = history_of(7);
    BOOST_TEST((history_of(7) == first));
    BOOST_TEST((history_of(8) != first));
}

BOOST_FIXTURE_TEST_CASE(threads_at_once_leave_every_id_with_one_end_user, ExternalIdsFixture) {
    constexpr std::size_t threads_count = 6;
    constexpr int steps_each = 150;
    const auto work = [this](std::size_t number) {
        auto& context = threads[number];
        auto& all = identity();
        Random random(100 + number);
        for (int i = 0; i < steps_each; ++i) {
            const auto kind = random.below(10);
            const auto external_id = *scopes::ExternalId::parse(random.name());
            if (kind < 4) {
                (void)context.run(all.external_ids.rename(workspace, random.renames()));
            } else if (kind < 6) {
                (void)context.run(all.external_ids.remove(workspace, random.removals()));
            } else if (kind < 8) {
                (void)context.run(all.end_users.create(new_end_user(workspace, external_id.text())));
            } else if (kind < 9) {
                auto made = new_connection(workspace, "slack");
                made.end_user = external_id;
                (void)context.run(all.connections.create(std::move(made)));
            } else {
                const auto found = context.run(all.end_users.get_by_external_id(workspace, external_id));
                if (found) (void)context.run(all.deletion.delete_end_user(found->id));
            }
        }
    };
    std::vector<std::thread> running;
    for (std::size_t i = 0; i < threads_count; ++i)
        running.emplace_back(work, i);
    for (auto& thread : running)
        thread.join();
    check_records(workspace);
    for (const auto& end_user : all_end_users(workspace)) {
        BOOST_TEST((lead(end_user.external_id) == end_user.id));
        for (const auto& former : end_user.deprecated_external_ids)
            BOOST_TEST((lead(former) == end_user.id));
    }
    reopen();
    check_records(workspace);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

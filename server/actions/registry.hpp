// The built-in integrations by name: what each can do, what it takes and gives, and how it is done.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kv/store.hpp"
#include "server/actions/input.hpp"
#include "server/api/error.hpp"
#include "server/schema/schema.hpp"

namespace alcove::files {
class DownloadLinks;
}

namespace alcove::actions {

namespace asio = boost::asio;

// What an action works with. It must outlive the execution.
struct ActionContext {
    kv::Store& store;
    const kv::NamespaceName& namespace_name;
    const Input& input;  // fits the action's shape
    const files::DownloadLinks& download_links;
    std::size_t value_bytes_max;              // limits.value_bytes
    std::uint64_t file_bytes_max;             // limits.file_bytes
    std::optional<kv::RequestId> request_id;  // with it, the effect happens once and its output is given again
};

struct Output {
    std::string json;
    bool replayed = false;  // the output of an earlier execution with this request id
};

// One atomic commit, or one read. A request id is for actions that write; reads answer anew.
using Execute = asio::awaitable<api::Result<Output>> (*)(ActionContext& context);

struct Action {
    std::string_view name;
    std::string_view description;
    const Shape& input;
    const Shape& output;
    Execute execute;
};

// At most so many are offered; a search narrows them.
inline constexpr std::size_t options_max = 100;

// The values that a member of inputs can sensibly have, for forms: those that begin with `search`.
using ListOptions = asio::awaitable<api::Result<std::vector<std::string>>> (*)(
    kv::Store& store, const kv::NamespaceName& namespace_name, std::string_view search);

struct OptionSource {
    std::string_view property;
    const Shape& search;  // what the search must fit
    ListOptions list;
};

// What somebody can be told of by webhook, as often as it happens where the integration's data is.
struct Trigger {
    std::string_view name;
    std::string_view display_name;
    std::string_view description;
    const Shape& input;
    kv::Collection collection;  // whose changes it tells of
};

struct Integration {
    std::string_view name;
    std::string_view display_name;
    std::string_view description;
    std::span<const Action> actions;
    std::span<const OptionSource> option_sources;
    std::span<const Trigger> triggers;
};

// All of them, in the order in which they are listed.
std::span<const Integration* const> integrations();

// nullptr when there is none of that name.
const Integration* find_integration(std::string_view name);
const Action* find_action(const Integration& integration, std::string_view name);
const Trigger* find_trigger(const Integration& integration, std::string_view name);
const OptionSource* find_option_source(const Integration& integration, std::string_view property);

}  // namespace alcove::actions

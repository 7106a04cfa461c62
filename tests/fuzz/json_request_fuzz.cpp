// JSON bodies: transactions, single operations and inputs of actions. What one parser lets pass, the store's can
// read.
#include <array>
#include <string>
#include <variant>

#include "kv/json.hpp"
#include "scopes/json.hpp"
#include "server/actions/input.hpp"
#include "server/actions/kv_store_shapes.hpp"
#include "server/actions/storage_shapes.hpp"
#include "server/api/operations.hpp"
#include "server/openapi/operation_shapes.hpp"
#include "server/schema/schema.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace alcove {
namespace {

using fuzz::require;
namespace kv_shapes = actions::kv_store_shapes;

constexpr kv::TimeMs now_ms = 1'800'000'000'000;

constexpr std::array<const actions::Shape*, 10> inputs = {
    &kv_shapes::put_input,    &kv_shapes::get_input,       &kv_shapes::delete_input, &kv_shapes::add_input,
    &kv_shapes::remove_input, &kv_shapes::increment_input, &kv_shapes::append_input, &kv_shapes::list_input,
    &kv_shapes::put_if_input, &kv_shapes::get_many_input};

// Operations hand JSON text on as it came, and the store takes it for valid.
void check_store_reads(std::string_view text) {
    kv::json::Value value;
    require(kv::json::parse(text, kv::limits::json_depth_max, value) == kv::json::ParseOutcome::ok,
            "the store reads what the server lets pass");
    kv::json::Value again;
    const auto printed = kv::json::to_text(value);
    require(kv::json::parse(printed, kv::limits::json_depth_max, again) == kv::json::ParseOutcome::ok,
            "the store reads what it prints");
    require(kv::json::equal(value, again), "and it is the same");
    require(kv::json::to_text(again) == printed, "printed alike");
    if (auto* object = value.as<kv::json::Value::Object>()) {
        auto patch = *object;
        kv::json::merge(*object, std::move(patch));
        kv::json::to_text(value);
    }
}

void check_operation(const kv::Operation& operation) {
    if (const auto* add = std::get_if<kv::AddToList>(&operation)) check_store_reads(add->value_json);
    if (const auto* remove = std::get_if<kv::RemoveFromList>(&operation)) check_store_reads(remove->value_json);
    if (const auto* merge = std::get_if<kv::Merge>(&operation)) check_store_reads(merge->patch_json);
    if (const auto* put = std::get_if<kv::Put>(&operation)) {
        require(!put->key.empty() && put->key.size() <= kv::limits::key_bytes_max, "a key within its bounds");
    }
}

// What fits the shape of the route is parsed.
void check_transaction(const scopes::json::Document& document) {
    const auto commit = api::parse_transaction(document, now_ms);
    if (!commit) return;
    require(commit->operations.size() <= api::transaction_operations_max, "not too many operations");
    require(commit->checks.size() <= api::transaction_checks_max, "not too many checks");
    for (const auto& operation : commit->operations)
        check_operation(operation);
}

void check_single_operation(const scopes::json::Document& document) {
    const auto operation = api::parse_single_operation(document, "key", now_ms);
    if (operation) check_operation(*operation);
}

void check_input(const actions::Shape& shape, std::string_view text) {
    const auto input = actions::Input::parse(shape, text, "input");
    if (!input) {
        require(input.error().status == 400 || input.error().status == 413, "a problem of the request");
        return;
    }
    for (const auto& member : shape.members) {
        const bool required = member.presence == schema::Presence::required;
        require(!required || input->has(member.name), "required members are there");
        if (input->has(member.name)) check_store_reads(input->raw(member.name));
    }
}

}  // namespace
}  // namespace alcove

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace alcove;
    if (size == 0) return 0;
    const auto choice = data[0];
    const fuzz::Block text({reinterpret_cast<const char*>(data) + 1, size - 1});
    const auto document = scopes::json::Document::parse(text.view());
    if (!document) return 0;
    fuzz::require(scopes::json::is_valid(text.view()), "both parsers of the server agree");
    check_store_reads(text.view());
    if (document->root().type != scopes::json::Type::object) return 0;

    const auto fits = [&document](const schema::Shape& shape) {
        return !schema::refuse(shape, *document, document->root(), {});
    };
    if (fits(openapi::operation_shapes::transaction)) check_transaction(*document);
    if (fits(openapi::operation_shapes::operation_here)) check_single_operation(*document);
    check_input(*inputs[choice % inputs.size()], text.view());
    return 0;
}

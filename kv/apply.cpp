// What one operation does to one entry.
#include "kv/apply.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>

#include "kv/json.hpp"

namespace alcove::kv {

namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view text_type = "text/plain; charset=utf-8";

// Of names and types that come from callers, so that a message stays one readable line.
constexpr std::size_t quoted_bytes_max = 64;

std::string quoted(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    const bool cut = text.size() > quoted_bytes_max;
    if (cut) {
        std::size_t end = quoted_bytes_max;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
            --end;  // not inside a character
        text = text.substr(0, end);
    }
    std::string out = "'";
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte < 0x20 || byte == 0x7f) {
            out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        } else {
            out += letter;
        }
    }
    return out + (cut ? "…'" : "'");
}

std::string value_of(const std::string& key) {
    return "the value of key " + quoted(key);
}

std::string printed_type(std::string_view content_type) {
    if (content_type.empty()) return "without a content type";
    const std::string type = quoted(content_type.substr(0, content_type.find(';')));
    return type.substr(1, type.size() - 2);
}

Error found_instead(const std::string& key, std::string_view found, std::string_view wanted) {
    return error(Errc::type_mismatch, value_of(key) + " is " + std::string(found) + ", not " + std::string(wanted));
}

TimeMs later(TimeMs now_ms, TimeMs duration_ms) {
    TimeMs sum = 0;
    if (!__builtin_add_overflow(now_ms, duration_ms, &sum)) return sum;
    return duration_ms > 0 ? std::numeric_limits<TimeMs>::max() : std::numeric_limits<TimeMs>::min();
}

std::optional<TimeMs> deadline(const Expiry& expiry, TimeMs now_ms) {
    switch (expiry.kind) {
        case Expiry::Kind::never:
            return std::nullopt;
        case Expiry::Kind::after:
            return later(now_ms, expiry.ms);
        case Expiry::Kind::at:
            return expiry.ms;
    }
    return std::nullopt;
}

// One operation at work on one entry.
class Applier {
public:
    Applier(const std::optional<EntryView>& current, const ApplyContext& context)
        : current_(current), context_(context) {}

    Result<Applied> operator()(const Get&) const {
        Applied applied;
        if (current_) applied.result.entry = to_entry(*current_);
        return applied;
    }

    Result<Applied> operator()(Put&& put) const {
        if (put.value.size() > context_.value_bytes_max) return too_large(put.key, put.value.size());
        Applied applied;
        applied.effect = Applied::Effect::put;
        applied.entry = next(std::move(put.value), std::move(put.content_type));
        applied.entry->file = std::move(put.file);
        applied.entry->expires_ms = deadline(put.expiry, context_.now_ms);
        applied.result.existed = current_.has_value();
        applied.result.entry = without_value(*applied.entry);
        return applied;
    }

    Result<Applied> operator()(PutSequential&& put) const {
        return (*this)(Put{.key = std::move(put.prefix),
                           .value = std::move(put.value),
                           .content_type = std::move(put.content_type),
                           .expiry = put.expiry});
    }

    Result<Applied> operator()(const Delete&) const {
        Applied applied;
        if (current_) applied.effect = Applied::Effect::remove;
        applied.result.existed = current_.has_value();
        return applied;
    }

    Result<Applied> operator()(const DeletePrefix&) const {
        assert(false && "deletePrefix is not for one entry");
        return error(Errc::invalid, "deletePrefix is not for one entry");
    }

    Result<Applied> operator()(const Increment& increment) const {
        const std::string& key = increment.key;
        json::Value stored;
        if (auto failed = parse_current(key, "a number", stored)) return std::move(*failed);
        if (!current_) stored.data = std::int64_t{0};
        if (!stored.is_number()) return found_instead(key, json::kind_of(stored), "a number");
        const auto* integer = stored.as<std::int64_t>();
        if (!integer && is_integer(current_->value)) {
            return found_instead(key, "an integer beyond 64 bits", "one that can be added to");
        }
        const auto* by = std::get_if<std::int64_t>(&increment.by);
        if (by && integer) {
            std::int64_t sum = 0;
            if (!__builtin_add_overflow(*integer, *by, &sum)) return put_json(key, {sum});
        } else {
            const double from = integer ? static_cast<double>(*integer) : *stored.as<double>();
            const double sum = from + (by ? static_cast<double>(*by) : std::get<double>(increment.by));
            if (std::isfinite(sum)) return put_json(key, {sum});
        }
        return error(Errc::type_mismatch, value_of(key) + " would leave the range of its number type");
    }

    Result<Applied> operator()(const Append& append) const {
        if (is_file()) return found_instead(append.key, "a file", "text");
        if (current_ && !json::is_text(current_->content_type)) {
            return found_instead(append.key, printed_type(current_->content_type), "text");
        }
        const std::string_view stored = current_ ? current_->value : std::string_view();
        const std::string_view separator = stored.empty() ? std::string_view() : append.separator;
        // The sizes first: a copy of what is refused anyway costs the most.
        const std::size_t size = stored.size() + separator.size() + append.value.size();
        if (size > context_.value_bytes_max) return too_large(append.key, size);
        std::string text;
        text.reserve(size);
        text.append(stored).append(separator).append(append.value);
        return put(append.key, std::move(text), text_type);
    }

    Result<Applied> operator()(const AddToList& add) const {
        json::Value list;
        json::Value element;
        if (auto failed = parse_list(add.key, list)) return std::move(*failed);
        // One level less than the limit: the list around it must stay readable.
        if (auto failed = parse_argument(add.value_json, limits::json_depth_max - 1, element)) {
            return std::move(*failed);
        }
        auto& elements = *list.as<json::Value::Array>();
        if (add.unique && find(elements, element) != elements.end()) return unchanged();
        elements.push_back(std::move(element));
        return put_json(add.key, list);
    }

    Result<Applied> operator()(const RemoveFromList& remove) const {
        json::Value list;
        json::Value element;
        if (auto failed = parse_list(remove.key, list)) return std::move(*failed);
        if (auto failed = parse_argument(remove.value_json, limits::json_depth_max, element)) {
            return std::move(*failed);
        }
        auto& elements = *list.as<json::Value::Array>();
        const auto found = find(elements, element);
        if (found == elements.end()) return unchanged();
        elements.erase(found);
        return put_json(remove.key, list);
    }

    Result<Applied> operator()(const Merge& merge) const {
        json::Value target;
        json::Value patch;
        if (auto failed = parse_current(merge.key, "an object", target)) return std::move(*failed);
        if (!current_) target.data = json::Value::Object();
        auto* object = target.as<json::Value::Object>();
        if (!object) return found_instead(merge.key, json::kind_of(target), "an object");
        if (auto failed = parse_argument(merge.patch_json, limits::json_depth_max, patch))
            return std::move(*failed);
        auto* members = patch.as<json::Value::Object>();
        if (!members) {
            return error(Errc::type_mismatch, "the patch for key " + quoted(merge.key) + " is " +
                                                  std::string(json::kind_of(patch)) + ", not an object");
        }
        json::merge(*object, std::move(*members));
        return put_json(merge.key, target);
    }

    Result<Applied> operator()(const Touch& touch) const {
        Applied applied;
        applied.result.existed = current_.has_value();
        if (!current_) return applied;
        applied.effect = Applied::Effect::put;
        applied.entry = next(std::string(current_->value), std::string(current_->content_type));
        applied.entry->file = current_->file;
        applied.entry->expires_ms = deadline(touch.expiry, context_.now_ms);
        applied.result.entry = applied.entry;
        return applied;
    }

private:
    // The entry that this commit leaves, with the creation and the expiry of the current one.
    Entry next(std::string value, std::string content_type) const {
        Entry entry;
        entry.version = context_.version;
        entry.created_version = current_ ? current_->created_version : context_.version;
        entry.created_ms = current_ ? current_->created_ms : context_.now_ms;
        entry.updated_ms = context_.now_ms;
        if (current_) entry.expires_ms = current_->expires_ms;
        entry.content_type = std::move(content_type);
        entry.value = std::move(value);
        return entry;
    }

    // Its content may not be here: nothing can be computed from it.
    bool is_file() const { return current_ && !current_->file.empty(); }

    static Entry without_value(const Entry& entry) {
        EntryView view = view_of(entry);
        view.value = {};
        return to_entry(view);
    }

    // A value from the time of a larger limit may still shrink.
    Result<Applied> put(const std::string& key, std::string value, std::string_view content_type) const {
        const std::size_t stored = current_ ? current_->value.size() : 0;
        if (value.size() > context_.value_bytes_max && value.size() >= stored) return too_large(key, value.size());
        Applied applied;
        applied.effect = Applied::Effect::put;
        applied.entry = next(std::move(value), std::string(content_type));
        applied.result.existed = current_.has_value();
        applied.result.entry = applied.entry;
        return applied;
    }

    Result<Applied> put_json(const std::string& key, const json::Value& value) const {
        return put(key, json::to_text(value), json_type);
    }

    // A list that stays as it is.
    Result<Applied> unchanged() const {
        Applied applied;
        applied.result.existed = current_.has_value();
        if (current_) {
            applied.result.entry = to_entry(*current_);
        } else {
            applied.result.entry.emplace();
            applied.result.entry->content_type = json_type;
            applied.result.entry->value = "[]";
        }
        return applied;
    }

    Error too_large(const std::string& key, std::size_t size) const {
        return error(Errc::too_large, value_of(key) + " would have " + std::to_string(size) + " bytes; at most " +
                                          std::to_string(context_.value_bytes_max) + " are allowed");
    }

    // What is wrong with the current value, or nothing. Leaves `out` null when there is none.
    std::optional<Error> parse_current(const std::string& key, std::string_view wanted, json::Value& out) const {
        if (!current_) return std::nullopt;
        if (is_file()) return found_instead(key, "a file", wanted);
        if (!json::is_json(current_->content_type)) {
            return found_instead(key, printed_type(current_->content_type), "JSON");
        }
        switch (json::parse(current_->value, limits::json_depth_max, out)) {
            case json::ParseOutcome::ok:
                return std::nullopt;
            case json::ParseOutcome::too_deep:
                return found_instead(key, "JSON nested too deeply", wanted);
            case json::ParseOutcome::malformed:
                return found_instead(key, "malformed JSON", wanted);
        }
        return std::nullopt;
    }

    std::optional<Error> parse_list(const std::string& key, json::Value& out) const {
        if (auto failed = parse_current(key, "an array", out)) return failed;
        if (!current_) out.data = json::Value::Array();
        if (!out.as<json::Value::Array>()) return found_instead(key, json::kind_of(out), "an array");
        return std::nullopt;
    }

    static std::optional<Error> parse_argument(const std::string& text, std::size_t depth_max, json::Value& out) {
        switch (json::parse(text, depth_max, out)) {
            case json::ParseOutcome::ok:
                return std::nullopt;
            case json::ParseOutcome::too_deep:
                return error(Errc::invalid, "the operation's value is nested more than " +
                                                std::to_string(depth_max) + " levels deep");
            case json::ParseOutcome::malformed:
                return error(Errc::invalid, "the operation's value is not valid JSON");
        }
        return std::nullopt;
    }

    // Whether the text of a number is an integer, however large: beyond 64 bits it was parsed as a double.
    static bool is_integer(std::string_view number) {
        return number.find_first_of(".eE") == std::string_view::npos;
    }

    static json::Value::Array::iterator find(json::Value::Array& elements, const json::Value& element) {
        return std::find_if(elements.begin(), elements.end(),
                            [&](const json::Value& one) { return json::equal(one, element); });
    }

    const std::optional<EntryView>& current_;
    const ApplyContext& context_;
};

}  // namespace

Result<Applied> apply(Operation&& operation, const std::optional<EntryView>& current, const ApplyContext& context) {
    return std::visit(Applier(current, context), std::move(operation));
}

const std::string& key_of(const Operation& operation) {
    return std::visit(
        [](const auto& one) -> const std::string& {
            if constexpr (requires { one.prefix; }) {
                return one.prefix;
            } else {
                return one.key;
            }
        },
        operation);
}

}  // namespace alcove::kv

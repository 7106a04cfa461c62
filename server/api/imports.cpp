#include "server/api/imports.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "server/api/cursor.hpp"
#include "server/api/json.hpp"
#include "server/api/limits.hpp"
#include "server/api/ndjson.hpp"
#include "server/api/parameters.hpp"
#include "server/api/values.hpp"

namespace alcove::api {
namespace {

// Lines longer than this give back their room.
constexpr std::size_t line_bytes_kept = std::size_t{64} << 10;

enum class Existing : std::uint8_t { replaced, kept };

struct ImportParameters {
    Existing existing = Existing::replaced;
    std::size_t lines_taken = 0;  // of the document, by an earlier import
};

// A cursor counts the lines that were taken.
template <class Use>
auto with_cursor_scope(const kv::NamespaceName& name, Use use) {
    return with_namespace_scope("import", name, use);
}

Result<ImportParameters> take_parameters(const Call& call) {
    auto query = parse_query(call);
    if (!query) return query.error();
    const auto if_absent = take_flag(*query, "ifAbsent");
    const auto cursor = query->take("cursor");
    if (auto problem = refuse_unknown(*query)) return *std::move(problem);
    if (!if_absent) return if_absent.error();
    ImportParameters parameters;
    if (*if_absent) parameters.existing = Existing::kept;
    if (!cursor) return parameters;
    const auto position =
        with_cursor_scope(*call.namespace_name, [&cursor](CursorScope of) { return parse_cursor(of, *cursor); });
    const char* end = position ? position->data() + position->size() : nullptr;
    if (!position || std::from_chars(position->data(), end, parameters.lines_taken).ptr != end) {
        return invalid_field("cursor", "'cursor' is not one of an import into this namespace");
    }
    return parameters;
}

// Takes the body as it comes and commits whole batches. Lives in the coroutine of its request.
class Import {
public:
    Import(Call& call, const ImportParameters& parameters)
        : call_(call),
          parameters_(parameters),
          value_bytes_max_(call.services.settings.value_bytes),
          lines_taken_(parameters.lines_taken) {}

    asio::awaitable<std::optional<Problem>> take(std::string_view piece) {
        while (!piece.empty()) {
            const auto end = piece.find('\n');
            const auto part = piece.substr(0, end);
            if (rest_.size() + part.size() > line_bytes_max(value_bytes_max_)) {
                co_return at_line(too_large("line " + std::to_string(line_ + 1), line_bytes_max(value_bytes_max_)),
                                  line_ + 1);
            }
            if (end == std::string_view::npos) {
                rest_.append(part);
                break;
            }
            piece.remove_prefix(end + 1);
            if (!rest_.empty()) rest_.append(part);
            auto problem = co_await take_line(rest_.empty() ? part : std::string_view(rest_));
            if (problem) co_return problem;
            rest_.clear();
            if (rest_.capacity() > line_bytes_kept) rest_.shrink_to_fit();
        }
        co_return std::nullopt;
    }

    // The last line may have no line feed.
    asio::awaitable<std::optional<Problem>> finish() {
        if (!rest_.empty()) {
            auto problem = co_await take_line(rest_);
            if (problem) co_return problem;
        }
        co_return co_await commit_batch(line_);
    }

    // How far it got, as members of an object.
    void print_progress(json::Writer& writer) const {
        const auto lines = std::to_string(lines_taken_);
        writer.name("imported").number(imported_).name("skipped").number(skipped_).name("cursor");
        writer.string(
            with_cursor_scope(*call_.namespace_name, [&lines](CursorScope of) { return print_cursor(of, lines); }));
    }

    void fail(Problem problem) const {
        json::Writer writer(problem.details);
        print_progress(writer);
        call_.fail(problem);
    }

private:
    struct Batch {
        std::vector<kv::Put> puts;
        std::vector<std::size_t> lines;  // where each stands
        std::unordered_set<std::string> keys;
        std::size_t bytes = 0;
        std::size_t skipped = 0;
    };

    static Problem at_line(Problem problem, std::size_t line) {
        json::Writer(problem.details).name("line").number(line);
        return problem;
    }

    asio::awaitable<std::optional<Problem>> take_line(std::string_view text) {
        if (++line_ <= parameters_.lines_taken) co_return std::nullopt;
        auto line = parse_line(text, line_, value_bytes_max_, call_.services.store.now_ms());
        if (!line) co_return at_line(line.error(), line_);
        if (line->kind == Line::Kind::expired) ++batch_.skipped;
        if (line->kind != Line::Kind::key) co_return std::nullopt;

        const auto bytes = line->put.key.size() + line->put.value.size();
        if (!batch_.puts.empty() && batch_.bytes + bytes > limits::import_batch_bytes_max) {
            auto problem = co_await commit_batch(line_ - 1);
            if (problem) co_return problem;
        }
        // What an earlier line of the batch brings is there by the time this one counts.
        if (parameters_.existing == Existing::kept && !batch_.keys.insert(line->put.key).second) {
            ++batch_.skipped;
            co_return std::nullopt;
        }
        batch_.bytes += bytes;
        batch_.lines.push_back(line_);
        batch_.puts.push_back(std::move(line->put));
        if (batch_.puts.size() == limits::import_batch_lines_max) co_return co_await commit_batch(line_);
        co_return std::nullopt;
    }

    // `through` is the last line that is in the batch or was skipped before its end.
    asio::awaitable<std::optional<Problem>> commit_batch(std::size_t through) {
        while (!batch_.puts.empty()) {
            auto commit = make_commit();
            auto outcome = co_await call_.services.store.commit(*call_.namespace_name, std::move(commit));
            if (outcome) {
                imported_ += batch_.lines.size();
                break;
            }
            if (outcome.error().code == kv::Errc::check_failed) {
                drop_existing(outcome.error());
                continue;
            }
            auto error = outcome.error();
            const auto index = std::exchange(error.operation, std::nullopt);
            co_return index ? at_line(to_problem(error), batch_.lines[*index]) : to_problem(error);
        }
        skipped_ += batch_.skipped;
        lines_taken_ = std::max(through, parameters_.lines_taken);
        batch_ = {};
        co_return std::nullopt;
    }

    kv::Commit make_commit() {
        kv::Commit commit;
        commit.value_bytes_max = value_bytes_max_;
        if (parameters_.existing == Existing::replaced) {
            for (auto& put : batch_.puts)
                commit.operations.emplace_back(std::move(put));
            return commit;
        }
        for (const auto& put : batch_.puts) {
            commit.checks.push_back({.key = put.key, .kind = kv::Check::Kind::absent});
            commit.operations.emplace_back(put);
        }
        return commit;
    }

    // Those whose check failed are there already; the others are tried again.
    void drop_existing(const kv::Error& error) {
        std::vector<bool> exists(batch_.puts.size());
        for (const auto& failed : error.failed)
            exists[failed.index] = true;
        std::size_t kept = 0;
        for (std::size_t i = 0; i < batch_.puts.size(); ++i) {
            if (exists[i]) continue;
            if (kept != i) {
                batch_.puts[kept] = std::move(batch_.puts[i]);
                batch_.lines[kept] = batch_.lines[i];
            }
            ++kept;
        }
        batch_.skipped += batch_.puts.size() - kept;
        batch_.puts.resize(kept);
        batch_.lines.resize(kept);
    }

    Call& call_;
    const ImportParameters parameters_;
    const std::size_t value_bytes_max_;
    std::string rest_;  // of a line whose end has not come
    std::size_t line_ = 0;
    Batch batch_;
    std::size_t lines_taken_;  // all up to this one are in whole batches
    std::size_t imported_ = 0;
    std::size_t skipped_ = 0;
};

bool is_ndjson(std::string_view content_type) {
    return has_media_type(content_type, ndjson_content_type) ||
           has_media_type(content_type, "application/ndjson") || has_media_type(content_type, "application/jsonl");
}

}  // namespace

asio::awaitable<void> import_keys(Call& call) {
    if (call.request.header("idempotency-key")) {
        co_return call.fail(invalid_field("Idempotency-Key", "an import takes no Idempotency-Key, but a cursor"));
    }
    const auto parameters = take_parameters(call);
    if (!parameters) co_return call.fail(parameters.error());
    const auto content_type = call.request.header("content-type");
    if (content_type && !is_ndjson(*content_type)) {
        co_return call.fail(Problem(415, "UNSUPPORTED_MEDIA_TYPE", "the body must be application/x-ndjson"));
    }
    Import import(call, *parameters);
    for (;;) {
        auto piece = co_await call.exchange.read_some(std::numeric_limits<std::uint64_t>::max());
        if (!piece) co_return import.fail(body_problem(piece.error(), 0));
        if (piece->empty()) break;
        auto problem = co_await import.take(*piece);
        if (!problem) continue;
        co_await drop_rest_of_body(call);
        co_return import.fail(*std::move(problem));
    }
    auto problem = co_await import.finish();
    if (problem) co_return import.fail(*std::move(problem));
    call.begin_json(200);
    json::Writer writer(call.response.body);
    writer.open_object();
    import.print_progress(writer);
    writer.close_object();
}

}  // namespace alcove::api

#include "server/api/exports.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "server/api/cursor.hpp"
#include "server/api/limits.hpp"
#include "server/api/ndjson.hpp"
#include "server/api/parameters.hpp"

namespace alcove::api {
namespace {

// One piece of the answer. A larger value makes a larger one.
constexpr std::size_t piece_keys_max = 250;
constexpr std::size_t piece_bytes_max = std::size_t{64} << 10;

template <class Use>
auto with_cursor_scope(const kv::NamespaceName& name, std::string_view prefix, Use use) {
    return with_namespace_scope("export", name, use, prefix);
}

// Page by page, each at a moment of its own.
class ExportSource final : public http::BodySource {
public:
    ExportSource(kv::Store& store, scopes::Resolved name, std::string prefix, std::string after)
        : store_(store), name_(std::move(name)) {
        range_.prefix = std::move(prefix);
        request_.entries_max = piece_keys_max;
        request_.bytes_max = piece_bytes_max;
        request_.values = kv::Values::include;
        request_.after = std::move(after);
    }

    // Reads what next() will print. The first time it is called before the answer begins, so that it can be
    // refused.
    asio::awaitable<kv::Result<void>> read() {
        auto page = co_await store_.list(*name_, range_, request_);
        if (!page) co_return page.error();
        page_ = std::move(*page);
        co_return kv::Result<void>();
    }

    asio::awaitable<Step> next(std::string& piece) override {
        if (!page_) {
            auto outcome = co_await read();
            if (!outcome) co_return Step::broken;  // dropped, or the store is closing
        }
        for (const auto& item : page_->items)
            append_key_line(piece, item);
        lines_ += page_->items.size();
        bytes_ += piece.size();
        request_.after = std::move(page_->next);
        page_.reset();
        if (request_.after.empty()) {
            append_cursor_line(piece, std::nullopt);
            co_return Step::last;
        }
        if (lines_ >= limits::export_cursor_lines_max || bytes_ >= limits::export_cursor_bytes_max) {
            auto cursor = with_cursor_scope(*name_, range_.prefix,
                                            [this](CursorScope of) { return print_cursor(of, request_.after); });
            append_cursor_line(piece, std::move(cursor));
            lines_ = bytes_ = 0;
        }
        co_return Step::more;
    }

private:
    kv::Store& store_;
    const scopes::Resolved name_;
    kv::KeyRange range_;
    kv::PageRequest request_;
    std::optional<kv::Page> page_;
    std::size_t lines_ = 0;  // since the last cursor
    std::size_t bytes_ = 0;
};

}  // namespace

asio::awaitable<void> export_keys(Call& call) {
    auto query = parse_query(call);
    if (!query) co_return call.fail(query.error());
    const auto prefix = query->take("prefix").value_or("");
    const auto cursor = query->take("cursor");
    if (auto problem = refuse_unknown(*query)) co_return call.fail(*problem);
    if (auto problem = refuse_prefix("prefix", prefix)) co_return call.fail(*problem);
    std::string after;
    if (cursor) {
        auto position = with_cursor_scope(*call.namespace_name, prefix,
                                          [&cursor](CursorScope of) { return parse_cursor(of, *cursor); });
        if (!position) co_return call.fail(invalid_field("cursor", "'cursor' is not one of this export"));
        after = std::move(*position);
    }
    const bool resumed = !after.empty();
    auto source = std::make_unique<ExportSource>(call.services.store, call.namespace_name, std::string(prefix),
                                                 std::move(after));
    auto outcome = co_await source->read();
    if (!outcome && outcome.error().code == kv::Errc::invalid && resumed) {
        co_return call.fail(invalid_field("cursor", "'cursor' is not one of this export"));
    }
    if (!outcome) co_return call.fail(to_problem(outcome.error()));
    call.response.set("Content-Type", ndjson_content_type);
    call.response.source = std::move(source);
}

}  // namespace alcove::api

#include "server/cli/watch_place.hpp"

#include <charconv>
#include <utility>

#include "scopes/json.hpp"
#include "scopes/json_writer.hpp"
#include "server/cli/cli.hpp"
#include "server/cli/file.hpp"

namespace alcove::cli {

namespace {

namespace json = scopes::json;

constexpr auto save_interval = std::chrono::seconds(1);

}  // namespace

WatchPlace::WatchPlace(std::string file) : file_(std::move(file)) {
    const auto text = file_.empty() ? std::nullopt : read_small_file(file_);
    if (!text || text->empty()) return;  // mktemp makes an empty one
    const auto broken = Failure(exit_failure, file_ + " is not what was saved there");
    const auto document = json::Document::parse(*text);
    if (!document || document->root().type != json::Type::object) throw broken;
    const auto* cursor = document->member(document->root(), "cursor");
    const auto* version = document->member(document->root(), "version");
    if (cursor == nullptr || cursor->text.empty()) throw broken;
    cursor_ = cursor->text;
    if (version == nullptr) return;
    const auto* end = version->text.data() + version->text.size();
    if (std::from_chars(version->text.data(), end, version_).ptr != end) throw broken;
}

void WatchPlace::pass_version(std::uint64_t version) {
    version_ = version;
    is_saved_ = false;
}

void WatchPlace::reach(std::string_view cursor) {
    if (cursor.empty() || cursor == cursor_) return;
    cursor_ = cursor;
    version_ = 0;
    is_saved_ = false;
}

void WatchPlace::forget() {
    save();
    cursor_.clear();
    version_ = 0;
}

void WatchPlace::save_when_due() {
    if (std::chrono::steady_clock::now() - saved_at_ >= save_interval) save();
}

void WatchPlace::save() {
    if (is_saved_ || file_.empty() || cursor_.empty()) return;
    std::string text;
    json::Writer writer(text);
    writer.open_object().member("cursor", cursor_);
    if (version_ != 0) writer.member("version", std::to_string(version_));
    writer.close_object();
    replace_file(file_, text + "\n");
    is_saved_ = true;
    saved_at_ = std::chrono::steady_clock::now();
}

}  // namespace alcove::cli

#include "server/actions/storage.hpp"

#include <utility>

#include "scopes/text.hpp"
#include "server/actions/common.hpp"
#include "server/actions/storage_shapes.hpp"
#include "server/api/resources.hpp"
#include "server/api/values.hpp"
#include "server/files/download_links.hpp"

namespace alcove::actions {
namespace {

using namespace storage_shapes;
using api::Result;

constexpr std::string_view base64 = "base64";
constexpr std::string_view utf8 = "utf8";
constexpr std::string_view list_files_name = "storage.list_files";

api::Problem to_file_problem(const kv::Error& error) {
    return error.code == kv::Errc::not_found ? api::not_found("there is no such file") : to_problem(error);
}

// What is written, in bytes.
Result<std::string> take_content(const ActionContext& context) {
    const auto& in = context.input;
    auto content = in.text("content");
    if (in.text("contentEncoding") == base64) {
        auto bytes = api::decode_base64(content);
        if (!bytes) {
            return api::invalid_field(in.field("content"), "'" + in.field("content") + "' must be padded base64");
        }
        content = std::move(*bytes);
    }
    if (content.size() > context.file_bytes_max) return api::too_large(in.field("content"), context.file_bytes_max);
    return content;
}

asio::awaitable<Result<Output>> write_file(ActionContext& context) {
    const auto& in = context.input;
    const auto path = in.text("path");
    const auto content = take_content(context);
    if (!content) co_return content.error();
    auto content_type =
        std::string(in.text("contentEncoding") == utf8 ? api::text_content_type : api::default_content_type);
    if (in.has("contentType")) content_type = in.text("contentType");

    auto upload = co_await context.store.begin_upload(context.namespace_name, path, content->size());
    if (!upload) co_return to_problem(upload.error());
    const auto taken = co_await (*upload)->append(*content);
    if (!taken) co_return to_problem(taken.error());
    kv::FileCommit commit{.content_type = content_type, .checks = {}, .request_id = context.request_id};
    const auto committed = co_await (*upload)->commit(std::move(commit));
    if (!committed) co_return to_problem(committed.error());

    Output output{.json = {}, .replayed = committed->replayed};
    json::Writer writer(output.json);
    writer.open_object().member("path", path).name("size").number(content->size());
    writer.member("contentType", content_type).name("version").plain_string(std::to_string(committed->version));
    writer.close_object();
    co_return output;
}

asio::awaitable<Result<Output>> read_file(ActionContext& context) {
    const auto& in = context.input;
    const auto path = in.text("path");
    auto file = co_await context.store.open_file(context.namespace_name, path);
    if (!file) co_return to_file_problem(file.error());
    if ((*file)->size() > read_bytes_max) {
        co_return api::Problem(413, "TOO_LARGE",
                               "a file of more than " + std::to_string(read_bytes_max) +
                                   " bytes cannot be read into JSON; get_download_url gives a URL for it");
    }
    const auto content = co_await (*file)->read_all();
    const bool readable = scopes::is_utf8(content);
    const auto encoding =
        in.has("outputEncoding") ? in.text("outputEncoding") : std::string(readable ? utf8 : base64);
    if (encoding == utf8 && !readable) {
        co_return api::Problem(409, "TYPE_MISMATCH", "the content is no UTF-8; read it with outputEncoding base64");
    }
    Output output;
    json::Writer writer(output.json);
    writer.open_object().member("path", path).name("content");
    encoding == utf8 ? writer.string(content) : writer.plain_string(api::encode_base64(content));
    writer.member("encoding", encoding).member("contentType", (*file)->entry().content_type);
    writer.name("size").number((*file)->size()).close_object();
    co_return output;
}

asio::awaitable<Result<Output>> delete_file(ActionContext& context) {
    kv::Commit commit;
    commit.collection = kv::Collection::file;
    commit.operations.emplace_back(kv::Delete{.key = context.input.text("path")});
    commit.request_id = context.request_id;
    const auto committed = co_await context.store.commit(context.namespace_name, std::move(commit));
    if (!committed) co_return to_problem(committed.error());
    Output output{.json = {}, .replayed = committed->replayed};
    json::Writer writer(output.json);
    writer.open_object().name("success").boolean(true);
    writer.name("existed").boolean(committed->results.front().existed).close_object();
    co_return output;
}

asio::awaitable<Result<Output>> list_files(ActionContext& context) {
    const auto page = co_await read_page(context, list_files_name, kv::Collection::file);
    if (!page) co_return page.error();
    Output output;
    json::Writer writer(output.json);
    writer.open_object().name("files").open_array();
    for (const auto& item : page->items) {
        writer.open_object().member("path", item.key).name("size").number(item.value_size);
        writer.member("contentType", item.entry.content_type);
        api::print_time(writer, "updatedAt", item.entry.updated_ms);
        writer.close_object();
    }
    writer.close_array().name("cursor");
    print_cursor(writer, context, list_files_name, *page);
    writer.close_object();
    co_return output;
}

asio::awaitable<Result<Output>> get_download_url(ActionContext& context) {
    const auto& in = context.input;
    auto path = in.text("path");
    const auto entry = co_await context.store.get(context.namespace_name, path, kv::Collection::file);
    if (!entry) co_return to_file_problem(entry.error());
    const auto now_ms = context.store.now_ms();
    const files::DownloadLink link{
        .name = context.namespace_name,
        .path = std::move(path),
        .version = entry->version,
        .expires_ms = now_ms + static_cast<kv::TimeMs>(in.whole_number("expiresInSeconds")) * 1000};
    Output output;
    json::Writer writer(output.json);
    writer.open_object().member("url", context.download_links.make_url(link, now_ms));
    api::print_time(writer, "expiresAt", link.expires_ms);
    writer.close_object();
    co_return output;
}

asio::awaitable<Result<std::vector<std::string>>> list_path_options(kv::Store& store,
                                                                    const kv::NamespaceName& namespace_name,
                                                                    std::string_view search) {
    return list_options(store, namespace_name, search, kv::Collection::file);
}

constexpr Action actions[] = {
    {"write_file", "Writes a file, in place of an earlier one, whole or not at all.", write_input, write_output,
     write_file},
    {"read_file", "Reads a file of at most 8 MiB; larger ones have get_download_url.", read_input, read_output,
     read_file},
    {"delete_file", "Deletes a file. It is no error when there is none.", delete_input, delete_output, delete_file},
    {"list_files", "Lists files, page by page.", list_input, list_output, list_files},
    {"get_download_url",
     "Makes a URL under which the file, as it is now, can be downloaded without a token for a while.", link_input,
     link_output, get_download_url},
};

constexpr OptionSource option_sources[] = {{.property = "path", .search = prefix_in, .list = list_path_options}};

constexpr Trigger triggers[] = {
    {.name = "file_changed",
     .display_name = "File changed",
     .description = "Tells that a file was written or deleted, in the order in which that happened.",
     .input = file_changed_input,
     .collection = kv::Collection::file},
};

}  // namespace

constinit const Integration storage = {
    .name = "storage",
    .display_name = "Storage",
    .description = "Files under paths, written whole, read in any part, and shared by URLs that expire.",
    .actions = actions,
    .option_sources = option_sources,
    .triggers = triggers,
};

}  // namespace alcove::actions

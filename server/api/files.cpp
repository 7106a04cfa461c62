#include "server/api/files.hpp"

#include <charconv>
#include <memory>
#include <utility>

#include "server/api/conditions.hpp"
#include "server/api/digests.hpp"
#include "server/api/parameters.hpp"
#include "server/files/disposition.hpp"
#include "server/files/download_links.hpp"
#include "server/files/path.hpp"
#include "server/http/range.hpp"
#include "server/http/text.hpp"

namespace alcove::api {
namespace {

// A part of a file on its way out; the file stays open as long as that takes.
class FilePart final : public http::FileSource {
public:
    FilePart(std::unique_ptr<kv::File> file, std::uint64_t offset, std::uint64_t size)
        : FileSource(file->descriptor(), offset, size), file_(std::move(file)) {}

    asio::awaitable<void> fetch(std::uint64_t offset, std::size_t bytes) override {
        return file_->fetch(offset, bytes);
    }

private:
    const std::unique_ptr<kv::File> file_;
};

Problem no_such_file() {
    return not_found("there is no such file");
}

Problem read_problem(const kv::Error& error) {
    return error.code == kv::Errc::not_found ? no_such_file() : to_problem(error);
}

// File routes have conditions instead: an upload that is repeated under If-Match or If-None-Match is safe.
std::optional<Problem> refuse_idempotency_key(const http::Request& request) {
    if (!request.header("idempotency-key")) return std::nullopt;
    return invalid_field("Idempotency-Key", "file routes take no Idempotency-Key; use If-Match or If-None-Match");
}

// ---- reading

// Which part the request asks for. If-Range makes it conditional; only GET has ranges.
Result<http::ByteRange> wanted_part(const http::Request& request, const kv::File& file) {
    const http::ByteRange whole{.size = file.size()};
    const auto range = only_header(request, "range", "Range");
    if (!range) return range.error();
    if (!*range || request.method != http::Method::get) return whole;
    const auto if_range = only_header(request, "if-range", "If-Range");
    if (!if_range) return if_range.error();
    if (*if_range && !is_current(**if_range, file.entry())) return whole;
    const auto part = http::parse_range(**range, file.size());
    if (part.kind == http::ByteRange::Kind::malformed) {
        return invalid_field("Range", "Range must be 'bytes=first-last', 'bytes=first-' or 'bytes=-count'");
    }
    return part.kind == http::ByteRange::Kind::whole ? whole : part;
}

std::string content_range(std::string_view part, std::uint64_t size) {
    return "bytes " + std::string(part) + "/" + std::to_string(size);
}

void send(http::Response& response, std::unique_ptr<kv::File> file, const http::ByteRange& part) {
    if (part.kind == http::ByteRange::Kind::part) {
        const auto last = part.offset + part.size - 1;
        response.status = 206;
        response.set("Content-Range",
                     content_range(std::to_string(part.offset) + "-" + std::to_string(last), file->size()));
    }
    if (const auto content = file->content()) {
        response.body = content->substr(static_cast<std::size_t>(part.offset), static_cast<std::size_t>(part.size));
    } else {
        response.file = std::make_unique<FilePart>(std::move(file), part.offset, part.size);
    }
}

// Answers a GET or HEAD with the file, or with what its conditions and ranges come to.
void answer_with(Call& call, std::unique_ptr<kv::File> file) {
    const auto& entry = file->entry();
    const auto verdict = judge_read(call.request, entry);
    if (!verdict) return call.fail(verdict.error());
    if (*verdict == ReadVerdict::failed) return call.fail(precondition_failed(entry.version));
    auto& response = call.response;
    set_etag(response, entry.version);
    set_last_modified(response, entry.updated_ms);
    if (*verdict == ReadVerdict::not_modified) {
        response.status = 304;
        return;
    }
    const auto part = wanted_part(call.request, *file);
    if (!part) return call.fail(part.error());
    response.set("Accept-Ranges", "bytes");
    if (part->kind == http::ByteRange::Kind::unsatisfiable) {
        response.set("Content-Range", content_range("*", file->size()));
        return call.fail(Problem(416, "RANGE_NOT_SATISFIABLE",
                                 "the file has " + std::to_string(file->size()) + " bytes: none is in the range"));
    }
    response.set("Content-Type", entry.content_type);
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Repr-Digest", print_digest(file->sha256()));
    send(response, std::move(file), *part);
}

// ---- writing

// What is said about the body before it comes.
struct UploadRequest {
    std::string content_type;
    std::vector<kv::Check> checks;
    std::vector<StatedDigest> digests;
    std::optional<std::uint64_t> size;  // nullopt: it comes in chunks
};

std::optional<std::uint64_t> announced_size(const http::Request& request) {
    const auto header = request.header("content-length");
    std::uint64_t size = 0;
    if (!header || std::from_chars(header->data(), header->data() + header->size(), size).ec != std::errc()) {
        return std::nullopt;
    }
    return size;
}

Result<UploadRequest> take_upload_request(Call& call, std::string_view path) {
    const auto& request = call.request;
    if (auto problem = refuse_idempotency_key(request)) return *std::move(problem);
    if (request.header("content-range")) {
        return invalid_field("Content-Range", "a file is put whole: a part of one cannot be");
    }
    const auto coding = request.header("content-encoding");
    if (coding && !http::equals(http::trim(*coding), "identity")) {
        return Problem(415, "UNSUPPORTED_MEDIA_TYPE",
                       "content is kept as it comes: Content-Encoding must be absent");
    }
    const auto content_type = take_content_type(request);
    if (!content_type) return content_type.error();
    UploadRequest upload{
        .content_type = std::string(*content_type), .checks = {}, .digests = {}, .size = announced_size(request)};
    auto checks = write_checks(request, path);
    if (!checks) return checks.error();
    upload.checks = std::move(*checks);
    auto digests = stated_digests(request);
    if (!digests) return digests.error();
    upload.digests = std::move(*digests);
    const auto bytes_max = call.services.settings.file_bytes;
    if (upload.size > bytes_max) return too_large("body", bytes_max);
    return upload;
}

// Conditions that fail already are told before the body has been sent for nothing; the commit checks them again.
asio::awaitable<std::optional<Problem>> refuse_early(Call& call, std::string_view path,
                                                     const std::vector<kv::Check>& checks) {
    if (checks.empty()) co_return std::nullopt;
    const auto entry = co_await call.services.store.get(*call.namespace_name, path, kv::Collection::file);
    std::optional<kv::Version> current;
    if (entry) current = entry->version;
    if (!entry && entry.error().code != kv::Errc::not_found) co_return read_problem(entry.error());
    for (const auto& check : checks) {
        if (!holds(check, current)) co_return precondition_failed(current);
    }
    co_return std::nullopt;
}

// Takes the body as it comes.
asio::awaitable<std::optional<Problem>> receive(Call& call, kv::Upload& upload) {
    const auto bytes_max = call.services.settings.file_bytes;
    for (;;) {
        const auto piece = co_await call.exchange.read_some(bytes_max);
        if (!piece) co_return body_problem(piece.error(), bytes_max);
        if (piece->empty()) co_return std::nullopt;
        auto taken = co_await upload.append(*piece);
        if (taken) continue;
        co_await drop_rest_of_body(call);
        co_return single_problem(taken.error());
    }
}

std::optional<Problem> refuse_digests(const std::vector<StatedDigest>& stated, const kv::Sha256& digest) {
    for (const auto& [header, stated_digest] : stated) {
        if (stated_digest == digest) continue;
        return invalid_field(header, "the content that came has another SHA-256: " + print_digest(digest));
    }
    return std::nullopt;
}

}  // namespace

std::optional<Problem> refuse_path(std::string_view field, std::string_view path) {
    if (auto problem = refuse_key(field, path)) return problem;
    if (files::is_path(path)) return std::nullopt;
    return invalid_field(field, "'" + std::string(field) +
                                    "' must not begin or end with '/', nor hold an empty segment, '.' or '..'");
}

asio::awaitable<void> get_file(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto path = call.param("path");
    if (auto problem = refuse_path("path", path)) co_return call.fail(*problem);
    auto file = co_await call.services.store.open_file(*call.namespace_name, path);
    if (!file) co_return call.fail(read_problem(file.error()));
    answer_with(call, std::move(*file));
}

asio::awaitable<void> put_file(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto path = call.param("path");
    if (auto problem = refuse_path("path", path)) co_return call.fail(*problem);
    auto request = take_upload_request(call, path);
    if (!request) co_return call.fail(request.error());
    auto refused = co_await refuse_early(call, path, request->checks);
    if (refused) co_return call.fail(*refused);

    auto upload = co_await call.services.store.begin_upload(*call.namespace_name, path, request->size);
    if (!upload) co_return call.fail(single_problem(upload.error()));
    auto problem = co_await receive(call, **upload);
    if (problem) co_return call.fail(*problem);
    const auto digest = (*upload)->sha256();
    if (auto differs = refuse_digests(request->digests, digest)) co_return call.fail(*differs);
    kv::FileCommit commit{
        .content_type = std::move(request->content_type), .checks = std::move(request->checks), .request_id = {}};
    const auto outcome = co_await (*upload)->commit(std::move(commit));
    if (!outcome) co_return call.fail(single_problem(outcome.error()));

    call.response.status = outcome->results.front().existed ? 204 : 201;
    set_etag(call.response, outcome->version);
    call.response.set("Repr-Digest", print_digest(digest));
}

asio::awaitable<void> delete_file(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto path = call.param("path");
    if (auto problem = refuse_path("path", path)) co_return call.fail(*problem);
    if (auto problem = refuse_idempotency_key(call.request)) co_return call.fail(*problem);
    auto checks = write_checks(call.request, path);
    if (!checks) co_return call.fail(checks.error());

    kv::Commit commit;
    commit.collection = kv::Collection::file;
    commit.checks = std::move(*checks);
    commit.operations.emplace_back(kv::Delete{.key = std::string(path)});
    auto outcome = co_await call.services.store.commit(*call.namespace_name, std::move(commit));
    if (!outcome) co_return call.fail(single_problem(outcome.error()));
    if (!outcome->results.front().existed) co_return call.fail(no_such_file());
    call.response.status = 204;
}

asio::awaitable<void> download_file(Call& call) {
    if (auto problem = refuse_query(call)) co_return call.fail(*problem);
    const auto link = call.services.download_links.open(call.param("signed"));
    if (!link) co_return call.fail(Problem(403, "FORBIDDEN", "the download URL was not signed by this server"));
    if (link->expires_ms <= call.services.store.now_ms()) {
        co_return call.fail(Problem(410, "EXPIRED", "the download URL has expired"));
    }
    auto file = co_await call.services.store.open_file(link->name, link->path);
    if (!file) co_return call.fail(read_problem(file.error()));
    if ((*file)->entry().version != link->version) co_return call.fail(no_such_file());
    // Content comes from whoever wrote it: a browser must not run it as a page of this server.
    call.response.set("Content-Disposition", files::attachment(link->path));
    call.response.set("Content-Security-Policy", "sandbox; default-src 'none'");
    call.response.set("Cache-Control", "private");
    answer_with(call, std::move(*file));
}

}  // namespace alcove::api

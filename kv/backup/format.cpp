// What a backup consists of.
#include "kv/backup/format.hpp"

#include <ctime>

#include "kv/error.hpp"
#include "kv/files/blob_folder.hpp"
#include "kv/json.hpp"

namespace alcove::kv::backup {

namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t digest_digits = 64;
constexpr std::string_view digest_end = "  ";

std::string print_time(TimeMs time_ms) {
    const std::time_t seconds = time_ms / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text;
}

template <class T>
T take(const json::Value::Object& object, std::string_view name) {
    for (const auto& member : object) {
        const T* value = member.name == name ? member.value.as<T>() : nullptr;
        if (value != nullptr) return *value;
    }
    throw StoreFailure("the backup's manifest.json has no proper \"" + std::string(name) + "\"");
}

std::uint64_t take_number(const json::Value::Object& object, std::string_view name) {
    const auto number = take<std::int64_t>(object, name);
    if (number < 0) throw StoreFailure("the backup's manifest.json has a negative \"" + std::string(name) + "\"");
    return static_cast<std::uint64_t>(number);
}

bool is_segment_path(std::string_view path) {
    constexpr std::string_view folder = "log/";
    constexpr std::string_view end = ".log";
    constexpr std::size_t number_digits = 16;
    return path.size() == folder.size() + number_digits + end.size() && path.starts_with(folder) &&
           path.ends_with(end) &&
           path.substr(folder.size(), number_digits).find_first_not_of(digits) == std::string_view::npos;
}

}  // namespace

std::string print(const Manifest& manifest) {
    const auto number = [](std::uint64_t value) { return json::Value{static_cast<std::int64_t>(value)}; };
    json::Value::Object object;
    object.push_back({"format", number(manifest.format)});
    object.push_back({"alcove", {manifest.alcove}});
    object.push_back({"store", {manifest.store}});
    object.push_back({"epoch", {manifest.epoch}});
    object.push_back({"version", number(manifest.version)});
    object.push_back({"timeMs", {manifest.time_ms}});
    object.push_back({"time", {print_time(manifest.time_ms)}});
    object.push_back({"files", number(manifest.files)});
    object.push_back({"bytes", number(manifest.bytes)});
    return json::to_text({std::move(object)}) + "\n";
}

Manifest parse_manifest(std::string_view text) {
    json::Value value;
    if (json::parse(text, 1, value) != json::ParseOutcome::ok || value.as<json::Value::Object>() == nullptr)
        throw StoreFailure("the backup's manifest.json is damaged");
    const auto& object = *value.as<json::Value::Object>();
    Manifest manifest;
    const std::uint64_t format = take_number(object, "format");
    if (format != format_version) {
        throw StoreFailure("the backup has format " + std::to_string(format) + "; this program reads format " +
                           std::to_string(format_version));
    }
    manifest.alcove = take<std::string>(object, "alcove");
    manifest.store = take<std::string>(object, "store");
    manifest.epoch = take<std::string>(object, "epoch");
    manifest.version = take_number(object, "version");
    manifest.time_ms = take<std::int64_t>(object, "timeMs");
    manifest.files = take_number(object, "files");
    manifest.bytes = take_number(object, "bytes");
    return manifest;
}

bool is_data_path(std::string_view path) {
    constexpr std::string_view blobs = "blobs/";
    if (path == index_path || is_segment_path(path)) return true;
    return path.starts_with(blobs) && parse_blob_path(path.substr(blobs.size()));
}

std::string sums_line(const Sha256& digest, std::string_view path) {
    std::string line = to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
    return line.append(digest_end).append(path).append("\n");
}

std::string_view path_in(std::string_view line) {
    constexpr std::size_t begin = digest_digits + digest_end.size();
    return line.size() < begin ? std::string_view() : line.substr(begin);
}

std::string to_hex(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += {digits[byte >> 4], digits[byte & 15]};
    }
    return text;
}

}  // namespace alcove::kv::backup

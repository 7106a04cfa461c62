// What is not plain about the plain values: the one name that is no caller's choice, and views of entries.
#include "kv/types.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace alcove::kv {

NamespaceName system_namespace() {
    NamespaceName name;
    name.scope = Scope::system;
    return name;
}

std::size_t NamespaceNameHash::operator()(const NamespaceName& name) const {
    const auto seed = XXH3_64bits_withSeed(name.workspace.data, sizeof name.workspace.data,
                                           static_cast<std::uint64_t>(name.scope));
    return name.subject.empty() ? seed : XXH3_64bits_withSeed(name.subject.data(), name.subject.size(), seed);
}

std::string sequential_key(std::string_view prefix, Version version, std::string_view suffix) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string key;
    key.reserve(prefix.size() + version_digits + suffix.size());
    key.append(prefix);
    for (int shift = 60; shift >= 0; shift -= 4)
        key.push_back(digits[version >> shift & 0xf]);
    return key.append(suffix);
}

Entry to_entry(const EntryView& view) {
    Entry entry;
    entry.version = view.version;
    entry.created_version = view.created_version;
    entry.created_ms = view.created_ms;
    entry.updated_ms = view.updated_ms;
    entry.expires_ms = view.expires_ms;
    entry.content_type = view.content_type;
    entry.file = view.file;
    entry.value = view.value;
    return entry;
}

EntryView view_of(const Entry& entry) {
    return {.version = entry.version,
            .created_version = entry.created_version,
            .created_ms = entry.created_ms,
            .updated_ms = entry.updated_ms,
            .expires_ms = entry.expires_ms,
            .content_type = entry.content_type,
            .file = entry.file,
            .value = entry.value};
}

}  // namespace alcove::kv

// How the store's values look in a test's messages.
#include "tests/support/print.hpp"

#include <boost/uuid/uuid_io.hpp>
#include <sstream>

#include "kv/apply.hpp"

namespace alcove::kv {

std::ostream& operator<<(std::ostream& out, Errc code) {
    return out << to_string(code);
}

}  // namespace alcove::kv

namespace alcove::test {

namespace {

constexpr std::size_t shown_bytes_max = 60;

std::string shortened(std::string_view bytes) {
    if (bytes.size() <= shown_bytes_max) return printable(bytes);
    return printable(bytes.substr(0, shown_bytes_max)) + "…(" + std::to_string(bytes.size()) + " bytes)";
}

std::string print(const kv::Expiry& expiry) {
    switch (expiry.kind) {
        case kv::Expiry::Kind::never:
            return "never";
        case kv::Expiry::Kind::after:
            return "after " + std::to_string(expiry.ms);
        case kv::Expiry::Kind::at:
            return "at " + std::to_string(expiry.ms);
    }
    return "?";
}

struct OperationPrinter {
    std::string operator()(const kv::Get&) const { return "get"; }
    std::string operator()(const kv::Put& one) const {
        return "put " + shortened(one.value) + " (" + one.content_type + ") " + print(one.expiry);
    }
    std::string operator()(const kv::PutSequential& one) const {
        return "putSequential " + shortened(one.value) + " (" + one.content_type + ") " + print(one.expiry) +
               " suffix " + shortened(one.suffix);
    }
    std::string operator()(const kv::Delete&) const { return "delete"; }
    std::string operator()(const kv::DeletePrefix& one) const {
        return "deletePrefix at most " + std::to_string(one.keys_max) + (one.partial ? " partial" : "");
    }
    std::string operator()(const kv::Increment& one) const {
        std::ostringstream out;
        std::visit([&](auto by) { out << "increment by " << by; }, one.by);
        return out.str();
    }
    std::string operator()(const kv::Append& one) const {
        return "append " + shortened(one.value) + " separator " + shortened(one.separator);
    }
    std::string operator()(const kv::AddToList& one) const {
        return "addToList " + shortened(one.value_json) + (one.unique ? " unique" : "");
    }
    std::string operator()(const kv::RemoveFromList& one) const {
        return "removeFromList " + shortened(one.value_json);
    }
    std::string operator()(const kv::Merge& one) const { return "merge " + shortened(one.patch_json); }
    std::string operator()(const kv::Touch& one) const { return "touch " + print(one.expiry); }
};

}  // namespace

std::string printable(std::string_view bytes) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const char letter : bytes) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte >= 0x20 && byte < 0x7f) {
            out += letter;
        } else {
            out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
        }
    }
    return out;
}

std::string print(const kv::NamespaceName& name) {
    constexpr const char* scopes[] = {"system", "workspace", "end_user", "external"};
    return std::string(scopes[static_cast<std::size_t>(name.scope)]) + "/" + to_string(name.workspace) + "/" +
           shortened(name.subject);
}

std::string print(const kv::Entry& entry) {
    std::ostringstream out;
    out << shortened(entry.value) << " (" << entry.content_type << ") v" << entry.version << " at "
        << entry.updated_ms << ", created v" << entry.created_version << " at " << entry.created_ms;
    if (entry.expires_ms) out << ", expires " << *entry.expires_ms;
    return out.str();
}

std::string print(const kv::Operation& operation) {
    return shortened(kv::key_of(operation)) + ": " + std::visit(OperationPrinter(), operation);
}

std::string print(const kv::Commit& commit) {
    std::ostringstream out;
    out << "commit to collection " << static_cast<int>(commit.collection);
    if (commit.request_id) out << ", request id " << commit.request_id->id;
    for (const kv::Check& check : commit.checks) {
        constexpr const char* kinds[] = {"absent", "present", "version"};
        out << "\n    check " << shortened(check.key) << " " << kinds[static_cast<std::size_t>(check.kind)];
        if (check.kind == kv::Check::Kind::version) out << " " << check.version;
    }
    for (const kv::Operation& operation : commit.operations)
        out << "\n    " << print(operation);
    return out.str();
}

std::string print(const kv::OperationResult& result) {
    std::ostringstream out;
    out << (result.existed ? "existed" : "new") << ", deleted " << result.deleted
        << (result.complete ? "" : " and more") << ", entry " << (result.entry ? print(*result.entry) : "none");
    return out.str();
}

std::string print(const kv::Committed& committed) {
    std::ostringstream out;
    out << "version " << committed.version << (committed.replayed ? " replayed" : "");
    for (const kv::OperationResult& result : committed.results)
        out << "\n    " << print(result);
    return out.str();
}

std::string print(const kv::Change& change) {
    constexpr const char* kinds[] = {"?", "put", "remove", "expire", "empty"};
    std::ostringstream out;
    out << "v" << change.version << " " << kinds[static_cast<std::size_t>(change.kind)] << " collection "
        << static_cast<int>(change.collection) << " " << shortened(change.key) << " after v"
        << change.previous_version << " at " << change.time_ms;
    if (change.entry) out << ": " << print(*change.entry);
    return out.str();
}

std::string print(const kv::Usage& usage) {
    std::ostringstream out;
    out << "version " << usage.version << ", keys " << usage.keys << ", bytes " << usage.bytes << ", files "
        << usage.files << ", file bytes " << usage.file_bytes << ", written " << usage.last_written_ms;
    return out.str();
}

std::string print(const kv::Quota& quota) {
    const auto text = [](const std::optional<std::uint64_t>& limit) {
        return limit ? std::to_string(*limit) : std::string("any");
    };
    return text(quota.bytes) + " bytes, " + text(quota.keys) + " keys, " + text(quota.writes_per_second) +
           " writes per second";
}

std::string print(const kv::Error& error) {
    std::ostringstream out;
    out << error.code << ": " << error.message;
    if (error.operation) out << " (operation " << *error.operation << ")";
    if (error.exceeded) {
        out << (error.exceeded->kind == kv::ExceededQuota::Kind::bytes ? " (bytes " : " (keys ")
            << error.exceeded->used << " of " << error.exceeded->limit << ")";
    }
    for (const kv::FailedCheck& failed : error.failed) {
        out << " (check " << failed.index << " found "
            << (failed.current_version ? std::to_string(*failed.current_version) : "nothing") << ")";
    }
    return out.str();
}

std::string print(const kv::Page& page) {
    std::string out;
    for (const kv::Item& item : page.items) {
        out += (out.empty() ? "" : ", ") + shortened(item.key) + "=" + shortened(item.entry.value);
    }
    for (const std::string& prefix : page.prefixes)
        out += (out.empty() ? "" : ", ") + shortened(prefix) + "*";
    return out;
}

}  // namespace alcove::test

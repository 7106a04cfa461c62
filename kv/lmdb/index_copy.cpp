// A compact copy of an index.
#include "kv/lmdb/index_copy.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <future>

#include "kv/files/digest.hpp"
#include "kv/lmdb/environment.hpp"

namespace alcove::kv {

// LMDB writes into a pipe, so that what it writes is hashed and counted on the way, and stops when nobody reads it.
IndexCopy copy_index(const std::filesystem::path& index, const Descriptor& to,
                     const std::function<void(std::uint64_t bytes)>& tell) {
    Environment environment = Environment::read_only(index);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail_system("make a pipe for", index);
    auto copying = std::async(std::launch::async, [&environment, end = ends[1]] {
        const Descriptor out(end);
        environment.copy_to(out.get());
    });
    const Descriptor in(ends[0]);  // goes before the other end is waited for
    const auto source = backup::source_of(in, index);
    IndexCopy copied;
    Digest digest;
    const auto watched = [&](char* into, std::size_t bytes_max) {
        const std::size_t got = source(into, bytes_max);
        digest.update({into, got});
        copied.bytes += got;
        if (tell) tell(copied.bytes);
        return got;
    };
    backup::copy(watched, to, index);
    copying.get();
    copied.sha256 = digest.value();
    return copied;
}

}  // namespace alcove::kv

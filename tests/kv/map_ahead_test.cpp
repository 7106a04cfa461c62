// Pages that were written around a map are mapped before they are read.
#include "kv/lmdb/map_ahead.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <string>

#include "tests/support/temporary_folder.hpp"

namespace alcove::test {
namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t file_bytes = std::size_t{16} << 20;

class MappedFile {
public:
    explicit MappedFile(const std::filesystem::path& path) : fd_(::open(path.c_str(), O_RDWR | O_CREAT, 0600)) {
        const std::string text(file_bytes, 'x');
        BOOST_REQUIRE(::pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(file_bytes));
        map_ = static_cast<const char*>(::mmap(nullptr, file_bytes, PROT_READ, MAP_SHARED, fd_, 0));
    }
    ~MappedFile() {
        ::munmap(const_cast<char*>(map_), file_bytes);
        ::close(fd_);
    }
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    // How often the process was held up by it.
    long faults_of_reading(std::size_t from, std::size_t to) const {
        const long before = faults();
        std::size_t sum = 0;
        for (std::size_t at = from; at < to; at += page)
            sum += static_cast<std::size_t>(static_cast<const volatile char*>(map_)[at]);
        BOOST_TEST(sum == (to - from) / page * std::size_t{'x'});
        return faults() - before;
    }

private:
    static long faults() {
        rusage usage{};
        ::getrusage(RUSAGE_THREAD, &usage);
        return usage.ru_minflt;
    }

    int fd_;
    const char* map_;
};

BOOST_AUTO_TEST_SUITE(map_ahead)

BOOST_AUTO_TEST_CASE(what_was_mapped_ahead_is_read_without_faults) {
    const TemporaryFolder folder;
    const MappedFile file(folder / "data.mdb");
    kv::MapAhead ahead(folder / "data.mdb");
    ahead.run(file_bytes / 2);
    const long mapped = file.faults_of_reading(0, file_bytes / 2);
    const long not_mapped = file.faults_of_reading(file_bytes / 2, file_bytes);  // the kernel maps neighbours, too
    BOOST_TEST(mapped < not_mapped);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_mapped_is_left_alone) {
    const TemporaryFolder folder;
    kv::MapAhead ahead(folder / "nothing");
    ahead.run(file_bytes);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
}  // namespace alcove::test

// A folder of one test's own, which goes with the test.
#pragma once

#include <filesystem>

namespace alcove::test {

class TemporaryFolder {
public:
    TemporaryFolder();  // below TMPDIR
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

}  // namespace alcove::test

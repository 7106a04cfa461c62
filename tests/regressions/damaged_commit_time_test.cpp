// The time of a damaged commit was computed with an overflow.
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

#include "kv/log/commit_record.hpp"

namespace alcove::kv::log {
namespace {

BOOST_AUTO_TEST_CASE(times_of_a_commit_may_be_any) {
    CommitRecord commit;
    commit.time_ms = std::numeric_limits<TimeMs>::max();
    commit.usage.last_written_ms = std::numeric_limits<TimeMs>::min();
    std::string bytes;
    encode(commit, bytes);
    const auto read = decode_commit(bytes);
    BOOST_TEST(read.time_ms == commit.time_ms);
    BOOST_TEST(read.usage.last_written_ms == commit.usage.last_written_ms);
}

}  // namespace
}  // namespace alcove::kv::log

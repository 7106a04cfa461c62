// The entry point of the tests of what was once broken.
#define BOOST_TEST_MODULE regressions
#include <boost/test/unit_test.hpp>

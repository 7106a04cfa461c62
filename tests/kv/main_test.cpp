// The one file that brings Boost.Test's main.
#define BOOST_TEST_MODULE kv
#include <boost/test/unit_test.hpp>

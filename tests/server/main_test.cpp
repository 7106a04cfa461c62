// The entry point of the tests of the server.
#define BOOST_TEST_MODULE server
#include <boost/test/unit_test.hpp>

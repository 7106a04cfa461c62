// Compiles Beast and Boost.URL once, so that no other file instantiates them.
#include <boost/beast/src.hpp>
#include <boost/url/src.hpp>

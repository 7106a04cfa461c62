// Compiles Asio once, so that no other file instantiates it.
#include <boost/asio/impl/src.hpp>

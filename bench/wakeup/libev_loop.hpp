// libev, in a file of its own: its header and libevent's define the same names.
#pragma once

#include <memory>

#include "bench/wakeup/loops.hpp"

namespace wakeup {

std::unique_ptr<Loop> makeLibevLoop();

}  // namespace wakeup

#include "common/stop_event.hpp"

#include <sys/eventfd.h>

#include <cstdint>

#include "common/error.hpp"

namespace mux {

StopEvent::StopEvent() : fd_(check(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")) {
}

void StopEvent::request() noexcept {
  const int saved = errno;  // the code that a signal handler interrupts may be about to read it
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(fd_.get(), &one, sizeof one);
  errno = saved;
}

}  // namespace mux

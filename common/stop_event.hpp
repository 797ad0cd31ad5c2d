// A descriptor that becomes readable when someone wants the server to stop.
#pragma once

#include "common/unique_fd.hpp"

namespace mux {

// How it works, and why a plain bool would not do, is the subject of lab 05.
class StopEvent {
 public:
  StopEvent();  // eventfd(2); throws std::system_error

  int fd() const noexcept { return fd_.get(); }

  // Any thread, or a signal handler. Never read back: once requested, it stays readable, so a
  // request that comes before run() is not lost.
  void request() noexcept;

 private:
  UniqueFd fd_;
};

}  // namespace mux

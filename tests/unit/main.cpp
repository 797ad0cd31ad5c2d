#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "common/log.hpp"
#include "tests/unit/support.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::signal(SIGPIPE, SIG_DFL);  // a test runner may ignore it, and hide that a server does not
  // ThreadSanitizer makes a thread of its own along with the first: no test shall take it for one
  // of a server's.
  std::thread([] {}).join();
  unit::LogCapture::prepare();
  mux::log::threshold = mux::log::Level::Error;  // who wants to see more makes a LogCapture
  return RUN_ALL_TESTS();
}

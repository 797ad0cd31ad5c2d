#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <thread>

#include "common/log.hpp"
#include "tests/unit/support.hpp"

namespace {

// A test that hangs ends the program, and the last line then names it.
class Watchdog final : public testing::EmptyTestEventListener {
  void OnTestStart(const testing::TestInfo&) override { ::alarm(kPatience); }
  void OnTestEnd(const testing::TestInfo&) override { ::alarm(0); }

  static constexpr unsigned kPatience = 150;  // seconds; more than any deadline inside a test
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new Watchdog);  // which takes it over
  std::signal(SIGPIPE, SIG_DFL);  // a test runner may ignore it, and hide that a server does not
  // ThreadSanitizer makes a thread of its own along with the first: no test shall take it for one
  // of a server's.
  std::thread([] {}).join();
  unit::LogCapture::prepare();
  mux::log::threshold = mux::log::Level::Error;  // who wants to see more makes a LogCapture
  return RUN_ALL_TESTS();
}

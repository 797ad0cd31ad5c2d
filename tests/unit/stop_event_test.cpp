#include "common/stop_event.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <cstdint>
#include <thread>

#include "common/error.hpp"
#include "tests/unit/support.hpp"

namespace {

using mux::StopEvent;
using unit::isReady;

TEST(StopEvent, IsQuietUntilRequested) {
  const StopEvent stop;
  EXPECT_FALSE(isReady(stop.fd(), POLLIN));
}

TEST(StopEvent, StaysReadableOnceRequested) {
  StopEvent stop;
  stop.request();
  EXPECT_TRUE(isReady(stop.fd(), POLLIN));
  EXPECT_TRUE(isReady(stop.fd(), POLLIN));
}

TEST(StopEvent, WakesAnotherThread) {
  StopEvent stop;
  std::thread asker([&] { stop.request(); });
  unit::await(stop.fd(), POLLIN);
  asker.join();
}

TEST(StopEvent, MayBeRequestedFromASignalHandler) {
  static StopEvent* target;
  StopEvent stop;
  target = &stop;
  struct sigaction action {};
  action.sa_handler = [](int) { target->request(); };
  ASSERT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
  ::raise(SIGUSR1);
  EXPECT_TRUE(isReady(stop.fd(), POLLIN));
}

TEST(StopEvent, LeavesErrnoAloneEvenIfItsCounterIsFull) {
  StopEvent stop;
  const std::uint64_t most = UINT64_MAX - 1;
  ASSERT_EQ(::write(stop.fd(), &most, sizeof most), 8);
  errno = ENOENT;
  stop.request();
  EXPECT_EQ(errno, ENOENT);
  EXPECT_TRUE(isReady(stop.fd(), POLLIN));
}

TEST(StopEvent, IsNonBlockingAndCloseOnExec) {
  const StopEvent stop;
  EXPECT_TRUE(::fcntl(stop.fd(), F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(::fcntl(stop.fd(), F_GETFD) & FD_CLOEXEC);
}

TEST(StopEvent, NamesTheCallThatFailed) {
  const unit::FullTable full(0);
  try {
    const StopEvent stop;
    FAIL() << "there was no descriptor left";
  } catch (const std::system_error& error) {
    EXPECT_STREQ(error.what(), "eventfd: Too many open files");
  }
}

}  // namespace

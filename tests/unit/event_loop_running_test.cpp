// EventLoop::run(): tasks and descriptors take turns, and neither a signal nor what somebody throws
// ends it.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "tests/unit/event_loop_support.hpp"

namespace {

using lab05::makeWaker;
using mux::UniqueFd;
using unit::EventLoopTest;
using unit::eventually;
using unit::LogCapture;
using unit::LoopThread;
using unit::makeReadable;
using unit::readable;
using unit::silent;
using unit::waitFor;

TEST_F(EventLoopTest, ATaskThatPostsItselfDoesNotStarveTheDescriptors) {
  const UniqueFd fd = readable();
  bool heard = false;
  int turns = 0;
  std::function<void()> again = [&] {
    if (++turns == 1000) return loop_.stop();
    loop_.post(again);
  };
  loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
    heard = true;
    loop_.stop();
  });
  loop_.post(again);
  loop_.run();
  EXPECT_TRUE(heard);
  EXPECT_LE(turns, 10);
}

TEST_F(EventLoopTest, DescriptorsDoNotStarveTheTasks) {
  const UniqueFd fd = readable();
  int heard = 0;
  bool ran = false;
  loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) {  // never reads, so it is always ready
    if (++heard == 1000) loop_.stop();
  });
  loop_.post([&] { ran = true; });
  loop_.post([&] { loop_.stop(); });
  loop_.run();
  EXPECT_TRUE(ran);
  EXPECT_LE(heard, 10);
}

TEST_F(EventLoopTest, DescriptorsAndTasksFromManyThreadsMix) {
  constexpr int kRounds = 2000;
  const UniqueFd fd = silent();
  std::atomic<int> tasks = 0;
  std::atomic<std::uint64_t> heard = 0;
  LoopThread loop(makeWaker("eventfd"));
  loop->post([&] {
    loop->watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
      std::uint64_t count = 0;
      if (::read(fd.get(), &count, sizeof count) == 8) heard += count;
    });
  });
  {
    const std::jthread poster([&] {
      for (int i = 0; i < kRounds; ++i) loop->post([&] { ++tasks; });
    });
    const std::jthread writer([&] {
      for (int i = 0; i < kRounds; ++i) makeReadable(fd);
    });
  }
  EXPECT_TRUE(eventually([&] { return tasks == kRounds && heard == kRounds; }));
}

TEST_F(EventLoopTest, ASignalDoesNotEndTheSleep) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, nullptr), 0);
  LoopThread loop(makeWaker("eventfd"));
  loop.park();
  ASSERT_EQ(::tgkill(::getpid(), loop.thread().id(), SIGUSR1), 0);
  std::promise<void> ran;
  loop->post([&] { ran.set_value(); });
  waitFor(ran.get_future());
}

TEST_F(EventLoopTest, ATaskThatThrowsCostsTheOthersNothing) {
  const LogCapture log;
  std::string order;
  loop_.post([&] { order += 'a'; });
  loop_.post([] { throw std::runtime_error("task one"); });
  loop_.post([&] { order += 'b'; });
  loop_.post([] { throw 7; });
  loop_.post([&] {
    order += 'c';
    EXPECT_TRUE(loop_.inLoopThread());
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(log.count("a task or handler threw: task one"), 1u);
  EXPECT_EQ(log.count("a task or handler threw something"), 1u);
}

TEST_F(EventLoopTest, AHandlerThatThrowsCostsTheOthersNothing) {
  const LogCapture log;
  const UniqueFd one = readable(), two = readable();
  int heard = 0;
  const auto handler = [&](std::uint32_t) {
    if (++heard == 4) loop_.stop();
    throw std::runtime_error("handler");
  };
  loop_.watch(one.get(), EPOLLIN, handler);
  loop_.watch(two.get(), EPOLLIN, handler);
  loop_.run();
  EXPECT_EQ(heard, 4);
  EXPECT_EQ(log.count("a task or handler threw: handler"), 4u);
}

TEST_F(EventLoopTest, RunInLoopPassesOnWhatItsTaskThrows) {
  const LogCapture log;
  loop_.post([&] {
    loop_.stop();
    EXPECT_THROW(loop_.runInLoop([] { throw std::runtime_error("mine"); }), std::runtime_error);
  });
  loop_.run();
  EXPECT_EQ(log.text(), "");
}

}  // namespace

// EventLoop::post() and runInLoop(): each task runs once, in order, in the loop's thread, however
// many threads post and however soundly the loop sleeps.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/unit/event_loop_support.hpp"

namespace {

using lab05::EventLoop;
using lab05::makeWaker;
using unit::EventLoopOn;
using unit::EventLoopTest;
using unit::eventually;
using unit::LoopThread;
using unit::waitFor;
using unit::WakerSpy;

TEST_F(EventLoopTest, RunsWhatWasPostedBeforeRunInTheOrderPosted) {
  std::string order;
  loop_.post([&] { order += 'a'; });
  loop_.post([&] { order += 'b'; });
  loop_.post([&] {
    order += 'c';
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(order, "abc");
}

TEST_P(EventLoopOn, RunsATaskThatIsPostedWhileItSleeps) {
  LoopThread loop(makeWaker(GetParam()));
  for (int i = 0; i < 100; ++i) {
    loop.park();
    std::promise<void> ran;
    loop->post([&] { ran.set_value(); });
    waitFor(ran.get_future());
  }
}

TEST_P(EventLoopOn, RunsTheTasksOfEachThreadInTheOrderPosted) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 5000;
  std::vector<int> next(kThreads, 0);  // the loop's thread only
  std::atomic<int> outOfOrder = 0, ran = 0;
  LoopThread loop(makeWaker(GetParam()));
  {
    std::vector<std::jthread> posters;
    for (std::size_t poster = 0; poster < kThreads; ++poster) {
      posters.emplace_back([&, poster] {
        for (int n = 0; n < kTasks; ++n) {
          loop->post([&, poster, n] {
            if (next[poster]++ != n) ++outOfOrder;
            ++ran;
          });
        }
      });
    }
  }
  EXPECT_TRUE(eventually([&] { return ran == kThreads * kTasks; }));
  EXPECT_EQ(outOfOrder, 0);
}

// Each post comes as soon as the last task has run: again and again just before the loop sleeps.
TEST_P(EventLoopOn, LosesNoWakeUpIn100000Rounds) {
  constexpr int kRounds = 100'000;
  std::atomic<int> ran = 0;
  LoopThread loop(makeWaker(GetParam()));
  for (int round = 1; round <= kRounds; ++round) {
    loop->post([&] { ++ran; });
    ASSERT_TRUE(eventually([&] { return ran == round; })) << "lost in round " << round;
  }
}

TEST_P(EventLoopOn, TenThousandPostsToASleepingLoopAreOneWakeUp) {
  auto waker = std::make_unique<WakerSpy>(GetParam());
  WakerSpy& spy = *waker;
  std::atomic<int> ran = 0;
  LoopThread loop(std::move(waker));
  loop.park();
  const int before = spy.wakes;
  spy.swallow = true;  // so that it sleeps until all are posted
  for (int i = 0; i < 10'000; ++i) loop->post([&] { ++ran; });
  EXPECT_LE(spy.wakes - before, 2);
  EXPECT_EQ(ran, 0);
  spy.swallow = false;
  spy.wake();
  EXPECT_TRUE(eventually([&] { return ran == 10'000; }));
}

TEST_P(EventLoopOn, TenThousandPostsToABusyLoopAreOneWakeUp) {
  auto waker = std::make_unique<WakerSpy>(GetParam());
  WakerSpy& spy = *waker;
  std::atomic<int> ran = 0;
  LoopThread loop(std::move(waker));
  std::promise<void> busy, allPosted;
  loop->post([&] {
    busy.set_value();
    waitFor(allPosted.get_future());
  });
  waitFor(busy.get_future());
  const int before = spy.wakes;
  for (int i = 0; i < 10'000; ++i) loop->post([&] { ++ran; });
  EXPECT_LE(spy.wakes - before, 2);
  allPosted.set_value();
  EXPECT_TRUE(eventually([&] { return ran == 10'000; }));
}

TEST_P(EventLoopOn, PostingFromItsOwnThreadToAFullChannelDoesNotBlock) {
  auto waker = makeWaker(GetParam());
  for (int i = 0; i < 70'000; ++i) waker->wake();  // a socketpair holds 278, a pipe 65,536
  int ran = 0;
  EventLoop loop(std::move(waker));
  loop.post([&] {
    for (int i = 0; i < 300; ++i) loop.post([&] { ++ran; });
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  EXPECT_EQ(ran, 300);
}

TEST_F(EventLoopTest, ATaskThatPostsDoesNotDeadlock) {
  bool ran = false;
  loop_.post([&] {
    loop_.post([&] {
      ran = true;
      loop_.stop();
    });
    EXPECT_FALSE(ran);  // later, not now
  });
  loop_.run();
  EXPECT_TRUE(ran);
}

TEST_F(EventLoopTest, RunInLoopRunsAtOnceInTheLoopsThread) {
  std::string order;
  loop_.post([&] {
    order += 'a';
    loop_.runInLoop([&] { order += 'b'; });
    order += 'c';
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(order, "abc");
}

TEST_F(EventLoopTest, RunInLoopFromAnotherThreadRunsInTheLoopsThread) {
  LoopThread loop(makeWaker("eventfd"));
  std::promise<std::thread::id> where;
  loop->runInLoop([&] { where.set_value(std::this_thread::get_id()); });
  const std::thread::id id = where.get_future().get();
  EXPECT_NE(id, std::this_thread::get_id());
}

TEST_F(EventLoopTest, WhileItDoesNotRunNoThreadIsItsThread) {
  EXPECT_FALSE(loop_.inLoopThread());
  bool ran = false;
  loop_.runInLoop([&] {
    ran = true;
    EXPECT_TRUE(loop_.inLoopThread());
    loop_.stop();
  });
  EXPECT_FALSE(ran);
  loop_.run();
  EXPECT_TRUE(ran);
  EXPECT_FALSE(loop_.inLoopThread());
}

}  // namespace

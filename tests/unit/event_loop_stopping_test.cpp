// The end of an EventLoop: stop(), the tasks that are still there, and who may destroy it when.
#include <gtest/gtest.h>
#include <unistd.h>

#include <memory>
#include <thread>

#include "tests/unit/event_loop_support.hpp"

namespace {

using lab05::EventLoop;
using lab05::makeWaker;
using mux::UniqueFd;
using unit::EventLoopOn;
using unit::EventLoopTest;
using unit::eventually;
using unit::LoopThread;
using unit::silent;
using unit::WakerSpy;

TEST_P(EventLoopOn, IsStoppedByAnotherThreadWhileItSleeps) {
  LoopThread loop(makeWaker(GetParam()));
  loop.park();
  loop->stop();
  EXPECT_TRUE(loop.hasEnded());
}

TEST_P(EventLoopOn, AStopBeforeRunIsNotLost) {
  EventLoop loop(makeWaker(GetParam()));
  loop.stop();
  loop.run();
}

TEST_F(EventLoopTest, StopsForGood) {
  loop_.stop();
  loop_.stop();
  loop_.run();
  loop_.run();
}

TEST_P(EventLoopOn, WhatWasPostedBeforeStopStillRuns) {
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> ran = 0;
    LoopThread loop(makeWaker(GetParam()));
    for (int i = 0; i < 3; ++i) loop->post([&] { ++ran; });
    loop->stop();
    ASSERT_TRUE(loop.hasEnded());
    ASSERT_EQ(ran, 3);
  }
}

TEST_F(EventLoopTest, WhatWasPostedBeforeAnEarlyStopRunsToo) {
  bool ran = false;
  loop_.post([&] { ran = true; });
  loop_.stop();
  loop_.run();
  EXPECT_TRUE(ran);
}

TEST(EventLoop, TasksThatNeverRanAreDestroyedWithIt) {
  const auto token = std::make_shared<int>();
  {
    EventLoop loop(makeWaker("eventfd"));
    loop.post([token] {});
    loop.post([token] {});
    EXPECT_EQ(token.use_count(), 3);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(EventLoop, TasksPostedByTheLastTasksAreDestroyedWithIt) {
  const auto token = std::make_shared<int>();
  bool ran = false;
  {
    EventLoop loop(makeWaker("eventfd"));
    loop.stop();
    loop.post([&, token] { loop.post([&, token] { ran = true; }); });
    loop.run();
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_FALSE(ran);
}

TEST(EventLoop, TasksAreDestroyedOnceTheyHaveRun) {
  const auto token = std::make_shared<int>();
  LoopThread loop(makeWaker("eventfd"));
  loop->post([token] {});
  EXPECT_TRUE(eventually([&] { return token.use_count() == 1; }));
}

TEST(EventLoop, HandlersAreDestroyedWithIt) {
  const auto token = std::make_shared<int>();
  const UniqueFd fd = silent();
  {
    EventLoop loop(makeWaker("eventfd"));
    loop.watch(fd.get(), EPOLLIN, [token](std::uint32_t) {});
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

// The task that a thread posts may be what lets another one destroy the loop, waker and all.
TEST_P(EventLoopOn, MayBeDestroyedAsSoonAsATaskHasStoppedIt) {
  for (int round = 0; round < 300; ++round) {
    std::atomic<EventLoop*> shared = nullptr;
    std::jthread owner([&] {
      EventLoop loop(makeWaker(GetParam()));
      shared = &loop;
      loop.run();
    });
    ASSERT_TRUE(eventually([&] { return shared != nullptr; }));
    EventLoop& loop = *shared;
    loop.post([&loop] { loop.stop(); });
  }
}

TEST_P(EventLoopOn, MayBeDestroyedAsSoonAsAnotherThreadHasStoppedIt) {
  for (int round = 0; round < 300; ++round) {
    std::atomic<EventLoop*> shared = nullptr;
    std::jthread owner([&] {
      EventLoop loop(makeWaker(GetParam()));
      shared = &loop;
      loop.run();
    });
    ASSERT_TRUE(eventually([&] { return shared != nullptr; }));
    shared.load()->stop();
  }
}

// The same without luck: while the poster is still in wake(), the loop can only wait for its lock.
TEST(EventLoop, NoTaskRunsBeforeItsPosterIsThroughWithTheWaker) {
  auto waker = std::make_unique<WakerSpy>("eventfd");
  WakerSpy& spy = *waker;
  std::atomic<bool> ran = false;
  bool ranTooEarly = false;
  LoopThread loop(std::move(waker));
  loop.park();
  spy.afterWake = [&] {
    EXPECT_TRUE(eventually([&] { return ran || loop.thread().isBlocked(); }));
    ranTooEarly = ran;
  };
  loop->post([&] { ran = true; });
  EXPECT_FALSE(ranTooEarly);
  EXPECT_TRUE(eventually([&] { return ran.load(); }));
}

TEST(EventLoop, RunDoesNotReturnBeforeStopIsThroughWithTheWaker) {
  auto waker = std::make_unique<WakerSpy>("eventfd");
  WakerSpy& spy = *waker;
  EventLoop loop(std::move(waker));
  std::atomic<bool> returned = false;
  bool returnedTooEarly = false;
  std::promise<pid_t> id;
  const std::jthread runner([&] {
    id.set_value(::gettid());
    loop.run();
    returned = true;
  });
  const unit::ThreadWatch thread(id.get_future().get());
  ASSERT_TRUE(eventually([&] { return thread.isWaiting(); }));
  spy.afterWake = [&] {
    EXPECT_TRUE(eventually([&] { return returned || thread.isBlocked(); }));
    returnedTooEarly = returned;
  };
  loop.stop();
  EXPECT_FALSE(returnedTooEarly);
}

}  // namespace

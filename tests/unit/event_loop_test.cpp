// EventLoop: descriptors, tasks from other threads, and what happens when both meet.
#include "labs/05_cross_thread_wakeup/event_loop.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/error.hpp"
#include "tests/unit/support.hpp"

namespace {

using lab05::EventLoop;
using lab05::makeWaker;
using lab05::Waker;
using mux::check;
using mux::UniqueFd;
using unit::eventually;
using unit::LogCapture;

// Counts wake-ups, and can do something at the next.
class WakerSpy final : public Waker {
 public:
  explicit WakerSpy(const std::string& name) : waker_(makeWaker(name)) {}

  void wake() noexcept override {
    ++wakes;
    if (!swallow) waker_->wake();
    if (const auto once = std::exchange(afterWake, nullptr)) once();
  }
  int fd() const noexcept override { return waker_->fd(); }
  std::uint32_t events() const noexcept override { return waker_->events(); }
  void drain() noexcept override { waker_->drain(); }

  std::atomic<int> wakes = 0;
  std::atomic<bool> swallow = false;  // counted, but the sleeper sleeps on
  std::function<void()> afterWake;

 private:
  std::unique_ptr<Waker> waker_;
};

// A loop that runs in a thread of its own.
class LoopThread {
 public:
  explicit LoopThread(std::unique_ptr<Waker> waker) : loop_(std::move(waker)) {
    std::promise<pid_t> id;
    thread_ = std::jthread([this, &id] {
      id.set_value(::gettid());
      loop_.run();
      ended_ = true;
    });
    watch_.emplace(id.get_future().get());
  }
  ~LoopThread() {
    loop_.stop();
    if (eventually([&] { return ended_.load(); })) return;
    std::fputs("the loop does not stop: giving up on this test program\n", stderr);
    std::abort();
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  EventLoop* operator->() { return &loop_; }
  const unit::ThreadWatch& thread() const { return *watch_; }
  void park() const {
    ASSERT_TRUE(eventually([&] { return watch_->isWaiting(); }));
  }
  bool hasEnded() const {
    return eventually([&] { return ended_.load(); });
  }

 private:
  EventLoop loop_;
  std::optional<unit::ThreadWatch> watch_;
  std::atomic<bool> ended_ = false;
  std::jthread thread_;
};

// A descriptor that is readable from the start, or not.
UniqueFd readable() {
  return UniqueFd(check(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd"));
}
UniqueFd silent() {
  return UniqueFd(check(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd"));
}
void makeReadable(const UniqueFd& fd) {
  const std::uint64_t one = 1;
  check(static_cast<int>(::write(fd.get(), &one, sizeof one)), "write");
}

void waitFor(const std::future<void>& future) {
  if (future.wait_for(unit::kBackstop) != std::future_status::ready) {
    throw std::runtime_error("the task did not run");
  }
}

// Most of this needs no second thread: what is posted before run() is run by it.
class EventLoopTest : public testing::Test {
 protected:
  EventLoop loop_{makeWaker("eventfd")};
};

class EventLoopOn : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Wakers, EventLoopOn,
                         testing::Values("eventfd", "eventfd-edge", "pipe", "socketpair", "tcp"),
                         [](const auto& waker) {
                           std::string name = waker.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

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

TEST_F(EventLoopTest, TellsAHandlerWhatHappened) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd one(ends[0]), two(ends[1]);
  std::uint32_t heard = 0;
  loop_.watch(one.get(), EPOLLIN | EPOLLOUT, [&](std::uint32_t events) {
    heard = events;
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(heard, static_cast<std::uint32_t>(EPOLLOUT));
}

TEST_F(EventLoopTest, ChangeReplacesWhatIsWaitedFor) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd one(ends[0]), two(ends[1]);
  ASSERT_EQ(::write(two.get(), "x", 1), 1);
  std::vector<std::uint32_t> heard;
  loop_.watch(one.get(), EPOLLIN, [&](std::uint32_t events) {
    heard.push_back(events);
    if (heard.size() == 1) loop_.change(one.get(), EPOLLOUT);
    if (heard.size() == 2) loop_.change(one.get(), EPOLLIN | EPOLLOUT);
    if (heard.size() == 3) loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(heard, (std::vector<std::uint32_t>{EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLOUT}));
}

TEST_F(EventLoopTest, WatchedForNothingADescriptorIsNotHeard) {
  const UniqueFd quiet = readable(), other = readable();
  bool heard = false;
  int turns = 0;
  loop_.watch(quiet.get(), EPOLLIN, [&](std::uint32_t) { heard = true; });
  loop_.change(quiet.get(), 0);
  loop_.watch(other.get(), EPOLLIN, [&](std::uint32_t) {
    if (++turns == 3) loop_.stop();
  });
  loop_.run();
  EXPECT_FALSE(heard);
}

TEST_F(EventLoopTest, AForgottenDescriptorIsNotHeard) {
  const UniqueFd forgotten = readable(), other = readable();
  int heard = 0, turns = 0;
  loop_.watch(forgotten.get(), EPOLLIN, [&](std::uint32_t) { ++heard; });
  loop_.forget(forgotten.get());
  loop_.watch(other.get(), EPOLLIN, [&](std::uint32_t) {
    if (++turns == 3) loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(heard, 0);
}

TEST_F(EventLoopTest, AForgottenDescriptorMayBeWatchedAgain) {
  const UniqueFd fd = readable();
  std::string heard;
  loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) { heard += "old"; });
  loop_.forget(fd.get());
  loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
    heard += "new";
    loop_.stop();
  });
  loop_.run();
  EXPECT_EQ(heard, "new");
}

// Both are ready in one batch; whichever is called first forgets the other.
TEST_F(EventLoopTest, ADescriptorForgottenInTheSameBatchIsNotHeard) {
  const UniqueFd one = readable(), two = readable();
  int heard = 0;
  const auto forgetOther = [&](const UniqueFd& other) {
    return [&](std::uint32_t) {
      ++heard;
      loop_.forget(other.get());
      loop_.stop();
    };
  };
  loop_.watch(one.get(), EPOLLIN, forgetOther(two));
  loop_.watch(two.get(), EPOLLIN, forgetOther(one));
  loop_.run();
  EXPECT_EQ(heard, 1);
}

TEST_F(EventLoopTest, TheNewOwnerOfANumberDoesNotHearTheOldOnesEvent) {
  UniqueFd descriptors[] = {readable(), readable()};
  bool newHeard = false;
  int oldHeard = 0;
  const auto replaceOther = [&](UniqueFd& other) {
    return [&](std::uint32_t) {
      ++oldHeard;
      const int number = other.get();
      loop_.forget(number);
      other.reset();
      other = silent();
      ASSERT_EQ(other.get(), number);
      loop_.watch(number, EPOLLIN, [&](std::uint32_t) { newHeard = true; });
      loop_.stop();
    };
  };
  loop_.watch(descriptors[0].get(), EPOLLIN, replaceOther(descriptors[1]));
  loop_.watch(descriptors[1].get(), EPOLLIN, replaceOther(descriptors[0]));
  loop_.run();
  EXPECT_EQ(oldHeard, 1);
  EXPECT_FALSE(newHeard);
}

TEST_F(EventLoopTest, AHandlerMayForgetItself) {
  UniqueFd fd = readable();
  const auto token = std::make_shared<std::string>("alive");
  int heard = 0;
  loop_.watch(fd.get(), EPOLLIN, [&, token](std::uint32_t) {
    ++heard;
    loop_.forget(fd.get());
    fd.reset();
    EXPECT_EQ(*token, "alive");  // what it captured is still there
    loop_.post([&] { loop_.stop(); });
  });
  loop_.run();
  EXPECT_EQ(heard, 1);
  EXPECT_EQ(token.use_count(), 1);  // and is given back after the batch
}

TEST_F(EventLoopTest, AHandlerMayForgetItselfAndWatchAgain) {
  const UniqueFd fd = readable();
  std::string heard;
  loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
    heard += 'a';
    loop_.forget(fd.get());
    loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
      heard += 'b';
      loop_.stop();
    });
  });
  loop_.run();
  EXPECT_EQ(heard, "ab");
}

TEST_F(EventLoopTest, WatchesHighDescriptors) {
  const UniqueFd low = readable();
  const UniqueFd high(check(::fcntl(low.get(), F_DUPFD_CLOEXEC, 900), "fcntl"));
  loop_.watch(high.get(), EPOLLIN, [&](std::uint32_t) { loop_.stop(); });
  loop_.run();
  loop_.forget(high.get());
}

TEST_F(EventLoopTest, HearsMoreDescriptorsThanOneCallReturns) {
  std::vector<UniqueFd> many;
  std::size_t heard = 0;
  for (int i = 0; i < 400; ++i) {
    many.push_back(readable());
    const int fd = many.back().get();
    loop_.watch(fd, EPOLLIN, [&, fd](std::uint32_t) {
      loop_.forget(fd);
      if (++heard == 400) loop_.stop();
    });
  }
  loop_.run();
  EXPECT_EQ(heard, 400u);
}

TEST_F(EventLoopTest, WhatCannotBeWatchedThrowsAndLeavesTheLoopAsItWas) {
  const UniqueFd fd = readable();
  std::string heard;
  loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
    heard += "first";
    loop_.stop();
  });
  EXPECT_THROW(loop_.watch(fd.get(), EPOLLIN, [&](std::uint32_t) { heard += "second"; }),
               std::system_error);
  const UniqueFd noEvents(check(::open("/dev/null", O_RDONLY | O_CLOEXEC), "open"));
  EXPECT_THROW(loop_.watch(noEvents.get(), EPOLLIN, [](std::uint32_t) {}), std::system_error);
  loop_.run();
  EXPECT_EQ(heard, "first");
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

#ifndef NDEBUG
TEST(EventLoopDeathTest, AnotherThreadMayNotTouchItsDescriptors) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";  // googletest 1.11 has no GTEST_FLAG_SET
  const auto watchFromHere = [] {
    const UniqueFd fd = silent();
    LoopThread loop(makeWaker("eventfd"));
    loop.park();
    loop->watch(fd.get(), EPOLLIN, [](std::uint32_t) {});
  };
  EXPECT_DEATH(watchFromHere(), "inLoopThread");
}
#endif

}  // namespace

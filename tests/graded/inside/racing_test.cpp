// Two threads meet in the loop: every order of their steps, one after the other.
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "common/error.hpp"
#include "guest.hpp"
#include "stage.hpp"

namespace {

using namespace inside;
using enum Stage::Sleeper;

// Task A takes the loop through one turn. Somewhere on that way, task B is posted.
TEST(Racing, APostAtEachMomentOfATurn) {
  for (int number = 1;; ++number) {
    startOver();
    Stage stage(OnItsOwn);
    bool ranA = false, ranB = false;
    stage.atMoment(number, "another thread posts task B",
                   [&] { elsewhere([&] { stage.loop().post([&] { ranB = true; }); }); });
    stage.whenAsleep("while it sleeps, another thread posts task A", [&] {
      elsewhere([&] {
        stage.loop().post([&] {
          stage.moment("while task A runs");
          ranA = true;
        });
      });
    });
    stage.whenAsleep("before it sleeps again, it has run what was posted", [&] {
      check(ranA, "A has not run", stage.situation());
      check(ranB || !stage.hadMoment(), "B has not run", stage.situation());
    });
    stage.run();
    if (!stage.hadMoment()) return;
  }
}

// The poster is held somewhere inside post(). The loop goes on until it sleeps, then the poster.
TEST(Racing, APosterThatIsHeldUp) {
  for (int number = 1;; ++number) {
    startOver();
    Stage stage(OnItsOwn);
    bool ran = false, wasHeld = false;
    std::optional<Guest> poster;
    stage.whenAsleep("while it sleeps, another thread calls post()", [&] {
      poster.emplace([&] { stage.loop().post([&] { ran = true; }); }, number);
      wasHeld = poster->isHeld();
      if (wasHeld) step("that thread is held " + poster->heldAt() + "; meanwhile the loop goes on");
    });
    stage.whenAsleep("the loop sleeps; now the other thread goes on as well",
                     [&] { poster->letGo(); });
    stage.whenAsleep("the task runs", [&] { check(ran, "the loop sleeps on", stage.situation()); });
    stage.run();
    if (!wasHeld) return;
  }
}

// A loop that really sleeps, in a thread that destroys it as soon as run() returns.
class Owner final : public Actor {
 public:
  explicit Owner(std::unique_ptr<lab05::Waker> waker)
      : bell_(silent()), loop_(std::make_unique<lab05::EventLoop>(std::move(waker))), loop(*loop_) {
    loop.watch(bell_.get(), EPOLLIN, [this](std::uint32_t) { loop.forget(bell_.get()); });
    thread_ = std::thread([this] {
      {
        const Acting acting(*this);
        loop_->run();
      }
      loop_.reset();
      tell([this] { gone_ = true; });
    });
  }
  // Somebody has called stop(), or posted a task that does. Where that has not woken the loop, the
  // bell does: other tests are about that.
  ~Owner() override {
    const Offstage offstage;
    makeReadable(bell_);
    thread_.join();
  }

  int wait(int epoll, epoll_event* events, int room, int timeoutMs) override {
    const Offstage offstage;
    if (const int count = waitForReal(epoll, events, room, 0); count != 0) return count;
    tell([this] { ++sleeps_; });
    return waitForReal(epoll, events, room, timeoutMs);
  }
  void blocked() override {
    tell([this] { blocked_ = true; });
  }

  void awaitSleep() {
    await([this] { return sleeps_ != 0; });
  }
  // After it was woken: the loop can do no more before its poster has left post(), or it is gone.
  void awaitStandstill() {
    await([this] { return blocked_ || gone_ || sleeps_ > 1; });
  }

 private:
  template <class Change>
  void tell(const Change& change) {
    const Offstage offstage;
    const std::lock_guard lock(mutex_);
    change();
    news_.notify_all();
  }
  template <class Condition>
  void await(const Condition& condition) {
    const Offstage offstage;
    constexpr std::chrono::seconds kPatience{2};  // see guest.cpp
    std::unique_lock lock(mutex_);
    news_.wait_for(lock, kPatience, condition);
  }

  std::mutex mutex_;  // guards the next three lines
  std::condition_variable news_;
  int sleeps_ = 0;
  bool blocked_ = false, gone_ = false;
  mux::UniqueFd bell_;
  std::unique_ptr<lab05::EventLoop> loop_;

 public:
  lab05::EventLoop& loop;

 private:
  std::thread thread_;
};

TEST(Racing, ATaskThatEndsTheLoop) {
  auto waker = std::make_unique<SpyWaker>("eventfd");
  SpyWaker& spy = *waker;
  spy.whenDestroyed = [&spy] {
    check(spy.waking == 0, "the waker is destroyed before wake() has returned",
          {"the task ran, run() returned, the owner destroyed the loop and its waker,",
           "and all that while post() was still in the waker's wake()"});
  };
  step("a loop sleeps in a thread that destroys it when run() returns");
  Owner owner(std::move(waker));
  owner.awaitSleep();
  spy.whenWoken = [&, poster = std::this_thread::get_id()] {
    if (std::this_thread::get_id() != poster) return;  // it is stop(), and may be quicker
    step("post() has called wake(), which has not returned; the loop goes on");
    owner.awaitStandstill();
  };
  step("another thread posts a task that stops the loop");
  lab05::EventLoop& loop = owner.loop;
  loop.post([&loop] { loop.stop(); });
}

// No order is forced here. What goes wrong shows as a wrong sum, or in ThreadSanitizer's report.
TEST(Racing, FourThreadsPostAtOnce) {
  constexpr int kThreads = 4, kTasks = 2000;
  step("a loop sleeps in a thread of its own");
  int next[kThreads] = {};  // the loop's thread only
  int ran = 0, outOfOrder = 0;
  {
    Owner owner(std::make_unique<SpyWaker>("eventfd"));
    owner.awaitSleep();
    step("four threads post 2,000 tasks each, as fast as they can");
    {
      std::vector<std::jthread> posters;
      for (int i = 0; i < kThreads; ++i) {
        posters.emplace_back([&, i] {
          for (int n = 0; n < kTasks; ++n) {
            owner.loop.post([&, i, n] {
              ++ran;
              if (next[i]++ != n) ++outOfOrder;
            });
          }
        });
      }
    }
    owner.loop.stop();
  }
  step("all of them run");
  checkEqual(kThreads * kTasks, ran);
  step("those of each thread in the order posted");
  check(outOfOrder == 0, std::to_string(outOfOrder) + " come out of order");
}

}  // namespace

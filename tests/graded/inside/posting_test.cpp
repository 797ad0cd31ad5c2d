// post(): the task runs, whoever posts it, and whatever the loop is doing.
#include <fcntl.h>
#include <gtest/gtest.h>

#include "guest.hpp"
#include "stage.hpp"

namespace {

using namespace inside;
using enum Stage::Sleeper;

constexpr int kMany = 10'000;

TEST(Posting, WakesALoopThatSleeps) {
  Stage stage(OnItsOwn);
  bool ran = false;
  stage.whenAsleep("while it sleeps, another thread posts a task",
                   [&] { elsewhere([&] { stage.loop().post([&] { ran = true; }); }); });
  stage.whenAsleep("the task runs", [&] { check(ran, "the loop sleeps on", stage.situation()); });
  stage.run();
}

TEST(Posting, FromATask) {
  Stage stage(OnItsOwn);
  bool first = false, second = false;
  stage.whenAsleep("another thread posts task A, which posts task B", [&] {
    elsewhere([&] {
      stage.loop().post([&] {
        first = true;
        stage.loop().post([&] { second = true; });
      });
    });
  });
  stage.whenAsleep("A runs", [&] { check(first, "the loop sleeps on", stage.situation()); });
  stage.whenAsleep("B runs, and nobody has to come and wake the loop for it",
                   [&] { check(second, "the loop sleeps on", stage.situation()); });
  stage.run();
}

TEST(Posting, FromAHandler) {
  Stage stage(OnItsOwn);
  const mux::UniqueFd fd = readable();
  bool ran = false;
  stage.loop().watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
    stage.loop().post([&] { ran = true; });
    stage.loop().change(fd.get(), 0);
  });
  stage.whenAsleep("the task runs", [&] { check(ran, "the loop sleeps on", stage.situation()); });
  stage.run("a descriptor is ready; its handler posts a task");
}

// 10,000 posts while the loop cannot run one of them: it needs to be woken once.
void expectFewWakeUps(Stage& stage, int& ran) {
  const int before = stage.waker().wakes;
  elsewhere([&] {
    for (int i = 0; i < kMany; ++i) stage.loop().post([&] { ++ran; });
  });
  const int wakes = stage.waker().wakes - before;
  step("that takes one call of wake()");
  check(wakes <= 2, "it takes " + std::to_string(wakes),
        {"expected 1 call of wake(), and so 1 system call, got " + std::to_string(wakes)});
}

TEST(Posting, ManyToASleepingLoopAreOneWakeUp) {
  Stage stage;
  int ran = 0;
  stage.whenAsleep("while it sleeps, another thread posts 10,000 tasks",
                   [&] { expectFewWakeUps(stage, ran); });
  stage.whenAsleep("all of them run", [&] { checkEqual(kMany, ran); });
  stage.run();
}

TEST(Posting, ManyToABusyLoopAreOneWakeUp) {
  Stage stage;
  int ran = 0;
  stage.loop().post([&] {
    step("while it runs a task, another thread posts 10,000");
    expectFewWakeUps(stage, ran);
  });
  stage.whenAsleep("all of them run", [&] { checkEqual(kMany, ran); });
  stage.run();
}

TEST(Posting, FromATaskDoesNotDeadlock) {
  Stage stage;
  std::string order;
  stage.loop().post([&] {
    step("task A posts task C");
    stage.loop().post([&] { order += 'C'; });
    step("which does not run at once, in the middle of A");
    check(order.empty(), "it does", {"post() has called the task itself"});
    order += 'A';
  });
  stage.loop().post([&] { order += 'B'; });
  stage.whenAsleep("but later, behind B", [&] { checkEqual("ABC", order); });
  stage.run("task A and task B are posted, and the loop runs");
}

// Lets wake() fail where it would block, so that a channel can be filled in any mode.
class Filler final : public Actor {
 public:
  void wouldBlock(const std::string&) override { isFull = true; }
  void moved(const std::string&, ssize_t result) override { isFull = isFull || result == -1; }

  bool isFull = false;
};

void fill(lab05::Waker& waker) {
  ::fcntl(waker.fd(), F_SETPIPE_SZ, 4096);  // of no effect on what is not a pipe
  Filler filler;
  const Acting acting(filler);
  constexpr int kMoreThanFits = 100'000;  // a pipe that cannot be made smaller holds 65,536 bytes
  for (int i = 0; i < kMoreThanFits && !filler.isFull; ++i) waker.wake();
}

TEST(Posting, WithAFullChannel) {
  for (const char* const name : {"socketpair", "pipe"}) {
    startOver();
    Stage stage(Helped, name);
    int ran = 0;
    step(std::string("the ") + name + " of the waker is filled with wake-ups");
    fill(stage.waker());
    step("a task is posted that posts 300 others");
    const Acting acting(stage);
    stage.loop().post([&] {
      for (int i = 0; i < 300; ++i) stage.loop().post([&] { ++ran; });
    });
    stage.whenAsleep("all of them run", [&] { checkEqual(300, ran, stage.situation()); });
    stage.run();
  }
}

}  // namespace

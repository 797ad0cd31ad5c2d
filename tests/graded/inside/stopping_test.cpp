// stop(), and what becomes of the tasks that are still there.
#include <gtest/gtest.h>

#include "guest.hpp"
#include "stage.hpp"

namespace {

using namespace inside;
using enum Stage::Sleeper;

TEST(Stopping, ALoopThatSleeps) {
  Stage stage(OnItsOwn);
  stage.whenAsleep("while it sleeps, another thread calls stop()", [&] {
    elsewhere([&] { stage.loop().stop(); });
    step("run() returns");
  });
  stage.whenStillAsleep("the loop sleeps on");
  stage.run();
}

TEST(Stopping, BeforeRun) {
  Stage stage(OnItsOwn);
  step("stop() is called before run()");
  stage.loop().stop();
  stage.whenStillAsleep("it sleeps, and stop() is forgotten");
  stage.run("run() returns at once");
}

TEST(Stopping, AtEachMomentOfATurn) {
  for (int number = 1;; ++number) {
    startOver();
    Stage stage(OnItsOwn);
    stage.atMoment(number, "another thread calls stop()", [&] {
      elsewhere([&] { stage.loop().stop(); });
      step("run() returns");
    });
    stage.whenAsleep("while it sleeps, another thread posts a task",
                     [&] { elsewhere([&] { stage.loop().post([] {}); }); });
    stage.whenAsleep("it sleeps again", [&] {
      if (stage.hadMoment()) fail("the loop sleeps on", stage.situation());
    });
    stage.mayEnd();
    stage.run();
    if (!stage.hadMoment()) return;
  }
}

TEST(Stopping, RunsWhatWasPostedBefore) {
  Stage stage;
  bool ranA = false, ranB = false;
  stage.loop().post([&] {
    ranA = true;
    stage.loop().post([&] { ranB = true; });
    stage.loop().stop();
  });
  stage.run("the loop runs task A, which posts task B, then calls stop()");
  step("when run() returns, A and B have run");
  check(ranA, "A has not run");
  check(ranB, "B has not run");
}

TEST(Stopping, RunsWhatWasPostedBeforeAnEarlyStop) {
  Stage stage;
  bool ran = false;
  step("a task is posted, then stop() is called, both before run()");
  stage.loop().post([&] { ran = true; });
  stage.loop().stop();
  stage.run("run() is called, and returns");
  step("the task has run");
  check(ran, "it has not");
}

TEST(Stopping, DestroysTasksThatNeverRan) {
  const auto token = std::make_shared<int>();
  {
    lab05::EventLoop loop(lab05::makeWaker("eventfd"));
    step("two tasks are posted to a loop that never runs; each holds something");
    loop.post([token] {});
    loop.post([token] {});
    step("the loop is destroyed");
  }
  step("what the tasks held is given back");
  check(token.use_count() == 1, std::to_string(token.use_count() - 1) + " tasks still hold it");
}

}  // namespace

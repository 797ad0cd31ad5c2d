// run(): in which order, how many at a time, and what happens when something goes wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "guest.hpp"
#include "stage.hpp"

namespace {

using namespace inside;
using enum Stage::Sleeper;

TEST(Running, SleepsWithoutATimeOut) {
  Stage stage;
  stage.whenAsleep("nothing is due, and it sleeps without a time-out", [&] {
    check(stage.timeoutMs() < 0, "its time-out is " + std::to_string(stage.timeoutMs()) + " ms",
          {"expected a wait call with a time-out of -1: what comes, wakes it"});
  });
  stage.run();
}

TEST(Running, TasksInTheOrderPosted) {
  Stage stage;
  std::string order;
  const auto task = [&](char name) { return [&order, name] { order += name; }; };
  stage.whenAsleep("another thread posts A, B and C", [&] {
    elsewhere([&] {
      for (const char name : {'A', 'B', 'C'}) stage.loop().post(task(name));
    });
  });
  stage.whenAsleep("they run in this order", [&] { checkEqual("ABC", order); });
  stage.run();
}

TEST(Running, DescriptorsHaveTheirTurnWhileATaskPostsItself) {
  constexpr int kEnough = 1000;
  Stage stage;
  mux::UniqueFd fd = silent();
  int runs = 0, runsBefore = -1;
  std::function<void()> again = [&] {
    if (runsBefore != -1) return;
    if (++runs == 1) {
      step("meanwhile a descriptor becomes ready");
      makeReadable(fd);
      step("its handler is called");
    }
    if (runs == kEnough) {
      fail("the task has run 1,000 times, and it is still not",
           {"a task that posts itself keeps the loop from its descriptors"});
    }
    stage.loop().post(again);
  };
  stage.loop().watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
    runsBefore = runs;
    forgetAndClose(stage.loop(), fd);
  });
  stage.loop().post(again);
  stage.run("a task posts itself again and again");
  check(runsBefore <= 2, "only after " + std::to_string(runsBefore) + " runs of the task");
}

TEST(Running, TasksHaveTheirTurnWhileADescriptorIsAlwaysReady) {
  constexpr int kEnough = 1000;
  Stage stage;
  mux::UniqueFd fd = readable();
  int calls = 0;
  stage.loop().watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
    if (++calls != kEnough) return;
    step("the task runs");
    fail("the handler was called 1,000 times, and it has not");
  });
  stage.loop().post([&] { forgetAndClose(stage.loop(), fd); });
  stage.run("a descriptor is always ready, and a task is posted");
}

TEST(Running, ATaskThatThrows) {
  Stage stage;
  std::string ran;
  stage.whenAsleep("another thread posts A, one that throws, and B", [&] {
    elsewhere([&] {
      stage.loop().post([&] { ran += 'A'; });
      stage.loop().post([] { throw std::runtime_error("a task of the test"); });
      stage.loop().post([&] { ran += 'B'; });
    });
  });
  stage.whenAsleep("A and B run, each once", [&] {
    std::ranges::sort(ran);  // their order is the subject of another test
    checkEqual("AB", ran);
  });
  stage.whenAsleep("another thread posts C", [&] {
    ran.clear();
    elsewhere([&] { stage.loop().post([&] { ran += 'C'; }); });
  });
  stage.whenAsleep("C runs", [&] { checkEqual("C", ran); });
  stage.run();
}

TEST(Running, AHandlerThatThrows) {
  Stage stage;
  mux::UniqueFd fds[] = {readable(), readable()};
  int calls = 0;
  bool ran = false;
  for (mux::UniqueFd& fd : fds) {
    stage.loop().watch(fd.get(), EPOLLIN, [&](std::uint32_t) {
      ++calls;
      forgetAndClose(stage.loop(), fd);
      throw std::runtime_error("a handler of the test");
    });
  }
  stage.whenAsleep("both are called", [&] { checkEqual(2, calls); });
  stage.whenAsleep("another thread posts a task",
                   [&] { elsewhere([&] { stage.loop().post([&] { ran = true; }); }); });
  stage.whenAsleep("it runs", [&] { check(ran, "it does not"); });
  stage.run("two descriptors are ready; the handlers of both throw");
}

TEST(Running, ASignalDoesNotEndIt) {
  Stage stage;
  bool ran = false;
  stage.whenAsleep("a signal interrupts its wait call (EINTR)", [&] { stage.interruptSleep(); });
  stage.whenAsleep("it waits again; another thread posts a task",
                   [&] { elsewhere([&] { stage.loop().post([&] { ran = true; }); }); });
  stage.whenAsleep("the task runs", [&] { check(ran, "it does not"); });
  stage.run();
}

}  // namespace

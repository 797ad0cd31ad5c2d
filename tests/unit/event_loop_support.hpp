// What the tests of EventLoop share: a waker that counts, a loop with a thread of its own, and
// descriptors that are ready or not.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "common/unique_fd.hpp"
#include "labs/05_cross_thread_wakeup/event_loop.hpp"
#include "tests/unit/support.hpp"

namespace unit {

// Counts wake-ups, and can do something at the next.
class WakerSpy final : public lab05::Waker {
 public:
  explicit WakerSpy(const std::string& name) : waker_(lab05::makeWaker(name)) {}

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
  std::unique_ptr<lab05::Waker> waker_;
};

// A loop that runs in a thread of its own.
class LoopThread {
 public:
  explicit LoopThread(std::unique_ptr<lab05::Waker> waker);
  ~LoopThread();  // stops it; ends this program if it does not stop
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  lab05::EventLoop* operator->() { return &loop_; }
  const ThreadWatch& thread() const { return *watch_; }
  void park() const;      // waits until it sleeps
  bool hasEnded() const;  // waits for that, too

 private:
  lab05::EventLoop loop_;
  std::optional<ThreadWatch> watch_;
  std::atomic<bool> ended_ = false;
  std::jthread thread_;
};

// A descriptor that is readable from the start, or not.
mux::UniqueFd readable();
mux::UniqueFd silent();
void makeReadable(const mux::UniqueFd& fd);

void waitFor(const std::future<void>& future);  // throws std::runtime_error if it never comes

// Most of this needs no second thread: what is posted before run() is run by it.
class EventLoopTest : public testing::Test {
 protected:
  lab05::EventLoop loop_{lab05::makeWaker("eventfd")};
};

// With each of the five wakers: instantiated in event_loop_support.cpp.
class EventLoopOn : public testing::TestWithParam<const char*> {};

}  // namespace unit

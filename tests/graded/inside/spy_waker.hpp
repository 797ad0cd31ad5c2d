// A waker that counts, and that tells the test when its functions are called.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "labs/05_cross_thread_wakeup/waker.hpp"

namespace inside {

class SpyWaker final : public lab05::Waker {
 public:
  explicit SpyWaker(const std::string& name) : waker_(lab05::makeWaker(name)) {}
  ~SpyWaker() override {
    if (whenDestroyed) whenDestroyed();
  }

  void wake() noexcept override;
  int fd() const noexcept override { return waker_->fd(); }
  std::uint32_t events() const noexcept override { return waker_->events(); }
  void drain() noexcept override;

  std::atomic<int> wakes = 0;
  std::atomic<int> waking = 0;  // threads inside wake()
  std::atomic<int> drains = 0;
  std::function<void()> whenWoken;      // the wake-up is written, and wake() has not returned
  std::function<void()> whenDestroyed;  // the loop, which owns it, is being destroyed

 private:
  std::unique_ptr<lab05::Waker> waker_;
};

}  // namespace inside

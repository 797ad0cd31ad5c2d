// Another thread that comes by and calls the loop.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "actor.hpp"

namespace inside {

// Runs `visit` in a thread of its own. Its maker is the loop's thread, and waits for it.
class Guest final : public Actor {
 public:
  // Returns when the visit is over, or has come to its `holdAt`-th moment, and holds no lock there.
  explicit Guest(std::function<void()> visit, int holdAt = 0);
  ~Guest() override { letGo(); }

  bool isHeld() const { return !heldAt_.empty(); }
  const std::string& heldAt() const { return heldAt_; }
  void letGo();  // returns when the visit is over

  void moment(const std::string& when) override;
  void blocked() override;

 private:
  void await();

  const int holdAt_;
  int moments_ = 0;
  std::mutex mutex_;  // guards the next four lines
  std::condition_variable news_;
  std::string heldAt_;
  bool mayGoOn_ = false;
  bool isOver_ = false;
  std::thread thread_;
};

inline void elsewhere(std::function<void()> visit) {
  Guest guest(std::move(visit));
}

}  // namespace inside

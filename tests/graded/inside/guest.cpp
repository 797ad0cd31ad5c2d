#include "guest.hpp"

#include <chrono>
#include <utility>

#include "story.hpp"

namespace inside {
namespace {

// A lock that intercept.cpp does not know of (a spin lock, say) may make the guest and the loop
// wait for each other. Then the test goes on with less control than it had wanted; it still has the
// same verdict.
constexpr std::chrono::seconds kPatience{2};

}  // namespace

Guest::Guest(std::function<void()> visit, int holdAt) : holdAt_(holdAt) {
  const Offstage offstage;
  thread_ = std::thread([this, visit = std::move(visit)] {
    {
      const Acting acting(*this);
      visit();
    }
    const std::lock_guard lock(mutex_);
    isOver_ = true;
    news_.notify_all();
  });
  await();
}

void Guest::await() {
  std::unique_lock lock(mutex_);
  news_.wait_for(lock, kPatience, [this] { return isOver_ || (isHeld() && !mayGoOn_); });
}

void Guest::letGo() {
  const Offstage offstage;
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    mayGoOn_ = true;
    news_.notify_all();
  }
  await();
  thread_.join();
}

void Guest::moment(const std::string& when) {
  const Offstage offstage;
  if (holdsLock() || ++moments_ != holdAt_) return;
  std::unique_lock lock(mutex_);
  heldAt_ = when;
  news_.notify_all();
  news_.wait_for(lock, kPatience, [this] { return mayGoOn_; });
  mayGoOn_ = true;
}

void Guest::blocked() {
  fail("it waits for ever",
       {"another thread wants a mutex that the loop's thread holds and does not give back"});
}

}  // namespace inside

// Event loops that another thread can hand work to: ours, and its peers as they are meant to be
// used.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace wakeup {

using Task = std::function<void()>;

// A loop in a thread of its own, on the last of the processors that we may use.
class Loop {
 public:
  virtual ~Loop() = default;  // stops the loop and joins its thread

  // Any thread, the loop's own too. Tasks run in the order posted.
  virtual void post(Task task) = 0;
};

struct LoopKind {
  std::string name;  // "EventLoop eventfd", "libuv"
  std::function<std::unique_ptr<Loop>()> make;
};

// Those that this program was built with, the hand-written one first: floor-eventfd, and the same
// with a write(2) for each post. Ours comes with each of its wakers.
const std::vector<LoopKind>& loopKinds();

}  // namespace wakeup

// The bare channels: one thread sleeps, another wakes it. No loop, no queue.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace wakeup {

class Channel {
 public:
  virtual ~Channel() = default;
  virtual void wake() = 0;   // any thread
  virtual void sleep() = 0;  // returns after a wake(), also one that came before; takes it away
};

struct ChannelKind {
  std::string name;
  std::function<std::unique_ptr<Channel>()> make;
};

// Sleeping in read(2); and "futex", the least that two threads can do.
const std::vector<ChannelKind>& blockingChannels();

// Sleeping in epoll_wait(2): lab 05's wakers.
const std::vector<ChannelKind>& epollChannels();

}  // namespace wakeup

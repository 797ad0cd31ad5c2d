// What to do, in order: filled by any thread, emptied by one.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "bench/wakeup/loops.hpp"

namespace wakeup {

// libuv, libevent and libev can wake a loop; the queue of what to do then is the user's to bring.
class Queue {
 public:
  // True if nothing was there before: run() may have to be told.
  bool add(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    return tasks_.size() == 1;
  }
  void run() {
    {
      const std::lock_guard lock(mutex_);
      batch_.swap(tasks_);
    }
    for (const Task& task : batch_) task();
    batch_.clear();
  }

 private:
  std::mutex mutex_;
  std::vector<Task> tasks_, batch_;
};

}  // namespace wakeup

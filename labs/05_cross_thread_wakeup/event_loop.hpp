// Lab 05: the loop of lab 03, with handlers instead of a switch, that other threads can talk to.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "common/unique_fd.hpp"
#include "labs/05_cross_thread_wakeup/waker.hpp"

namespace lab05 {

// One thread runs it; all others reach that thread by post(). The loop sleeps only when no task is
// queued, or when a wake-up for it is under way.
class EventLoop {
 public:
  using Task = std::function<void()>;
  using Handler = std::function<void(std::uint32_t events)>;  // EPOLLIN and so on: epoll_ctl(2)

  explicit EventLoop(std::unique_ptr<Waker> waker);  // throws std::system_error

  // Any thread. The loop must outlive the call; that of post() may end it, in the task it posts.
  void post(Task task);       // runs later, in the loop's thread, in the order posted
  void runInLoop(Task task);  // runs now if this is the loop's thread, else post()
  void stop() noexcept;  // run() returns once tasks posted before have run; for good, also early
  bool inLoopThread() const noexcept { return owner_ == std::this_thread::get_id(); }

  // The loop's thread; or any one thread, while the loop is not running.
  void run();  // a task or handler that throws is logged, and the loop goes on
  void watch(int fd, std::uint32_t events, Handler handler);  // throws std::system_error
  void change(int fd, std::uint32_t events);
  void forget(int fd);  // before closing fd: the handler hears no more, not even in this batch

 private:
  struct Watch {
    int fd;  // -1: forgotten
    Handler handler;
  };

  void control(int operation, int fd, std::uint32_t events, Watch* watch);
  void runTasks();

  mux::UniqueFd epoll_;
  std::unique_ptr<Waker> waker_;
  std::vector<std::unique_ptr<Watch>> watches_;    // by descriptor
  std::vector<std::unique_ptr<Watch>> forgotten_;  // the batch in hand may still point to these
  std::vector<Task> batch_;                        // the tasks that run now
  std::atomic<std::thread::id> owner_;
  std::atomic<bool> stopping_ = false;

  std::mutex mutex_;  // guards the next line and nothing else
  std::vector<Task> tasks_;
};

}  // namespace lab05

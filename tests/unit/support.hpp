// Descriptors, threads and the log as the unit tests need them. Nothing here sleeps: a test looks
// at a thing until it is so, and kBackstop only ends what would never end.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "common/log.hpp"
#include "common/options.hpp"
#include "common/unique_fd.hpp"

namespace unit {

constexpr std::chrono::seconds kBackstop{30};  // no correct run comes near it

// False if `condition` did not come true.
template <class Condition>
[[nodiscard]] bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kBackstop;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

// poll(2) for `events`, one of which must come. Throws std::runtime_error if none does.
void await(int fd, short events);
bool isReady(int fd, short events);  // now

mux::Options anyPort();  // of 127.0.0.1; the rest are the defaults

std::string randomBytes(std::size_t count, std::uint_fast32_t seed);

std::vector<int> openDescriptors();

// Leaves this process no more than `free` descriptors to open, until it is destroyed.
class FullTable {
 public:
  explicit FullTable(std::size_t free);
  ~FullTable();
  FullTable(const FullTable&) = delete;
  FullTable& operator=(const FullTable&) = delete;

  void release(std::size_t count);  // makes room for so many more, up to a dozen

 private:
  rlimit before_{};
  std::vector<mux::UniqueFd> fillers_;
};

// What a thread of this process is doing, by /proc/self/task/TID/syscall.
class ThreadWatch {
 public:
  explicit ThreadWatch(pid_t thread);

  pid_t id() const noexcept { return thread_; }
  bool isWaiting() const;  // asleep in select, poll or epoll_wait
  bool isBlocked() const;  // asleep in futex(2): wants a lock that another thread has

 private:
  long systemCall() const;  // -1: none, it is running

  pid_t thread_;
  mux::UniqueFd file_;
};

std::vector<pid_t> threadsOfThisProcess();

// The log, from here to the destructor, instead of on stderr. main() must have called prepare().
class LogCapture {
 public:
  explicit LogCapture(mux::log::Level level = mux::log::Level::Info);
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  // Makes the log write to whatever descriptor 2 is at the time.
  static void prepare();

  std::string text() const;
  std::size_t count(std::string_view what) const;  // how often it stands in text()

 private:
  mux::log::Level levelBefore_;
  mux::UniqueFd file_, realStderr_;
};

}  // namespace unit

// A step in front of some system calls, where a test can count, fail, delay or replace them. The
// linker brings the calls of common/, labs/ and tests here: see --wrap in CMakeLists.txt.
#pragma once

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>

namespace unit {

template <class Signature>
class Hook;

template <class Result, class... Arguments>
class Hook<Result(Arguments...)> {
 public:
  // Nothing returned: the call goes on to the kernel. Calls that it makes itself go there directly.
  using Function = std::function<std::optional<Result>(Arguments...)>;

  class Guard {
   public:
    explicit Guard(Hook& hook) : hook_(hook) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() { hook_.set({}); }

   private:
    Hook& hook_;
  };

  // Any thread's calls pass through `function` for as long as the guard lives. Its end waits for
  // those inside: declare it after what `function` refers to.
  [[nodiscard]] Guard use(Function function) {
    set(std::move(function));
    return Guard(*this);
  }

  long calls() const noexcept { return calls_; }  // since the process started

  std::optional<Result> before(Arguments... arguments) {
    static thread_local bool inside = false;
    ++calls_;
    if (!used_ || inside) return std::nullopt;
    const std::shared_lock lock(mutex_);
    if (!function_) return std::nullopt;
    inside = true;
    const auto result = function_(arguments...);
    inside = false;
    return result;
  }

 private:
  void set(Function function) {
    const std::unique_lock lock(mutex_);
    used_ = static_cast<bool>(function);
    function_ = std::move(function);
  }

  std::atomic<long> calls_ = 0;
  std::atomic<bool> used_ = false;
  std::shared_mutex mutex_;
  Function function_;
};

namespace hooks {
inline Hook<int(int fd)> accept4;
inline Hook<int(int fd, const sockaddr* address, socklen_t size)> connect;
inline Hook<int(int operation, int fd, epoll_event* event)> epollCtl;
inline Hook<int()> epollWait;
inline Hook<int(nfds_t count)> poll;
inline Hook<int(int nfds, timeval* timeout)> select;
inline Hook<ssize_t(int fd, void* into, std::size_t size)> recv;
inline Hook<ssize_t(int fd, const void* bytes, std::size_t size)> send;

// The tests wait with ppoll(2), so that all of these are the servers'.
inline long waitCalls() noexcept {
  return epollWait.calls() + poll.calls() + select.calls();
}
}  // namespace hooks

// What a hook returns to make the call fail.
inline int failWith(int error) noexcept {
  errno = error;
  return -1;
}

// A hook that fails the next `times` calls and then lets them through.
template <class... Arguments>
auto failing(int times, int error) {
  return [left = std::make_shared<std::atomic<int>>(times),
          error](Arguments...) -> std::optional<int> {
    if ((*left)-- > 0) return failWith(error);
    return std::nullopt;
  };
}

}  // namespace unit

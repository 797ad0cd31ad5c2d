#include "bench/wakeup/channels.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <utility>

#include "common/error.hpp"
#include "common/unique_fd.hpp"
#include "labs/05_cross_thread_wakeup/waker.hpp"

namespace wakeup {
namespace {

// std::atomic::wait() spins before it sleeps, so the system call itself would seldom be seen.
class Futex final : public Channel {
 public:
  void wake() override {
    woken_ = 1;
    futex(FUTEX_WAKE_PRIVATE, 1);
  }
  void sleep() override {
    while (woken_.exchange(0) == 0) futex(FUTEX_WAIT_PRIVATE, 0);
  }

 private:
  void futex(int operation, std::uint32_t value) noexcept {
    ::syscall(SYS_futex, &woken_, operation, value, nullptr, nullptr, 0);
  }

  std::atomic<std::uint32_t> woken_ = 0;
};

// lab05's waker, with a descriptor that blocks.
class Blocking final : public Channel {
 public:
  explicit Blocking(const std::string& name) : waker_(lab05::makeWaker(name)) {
    const int flags = mux::check(::fcntl(waker_->fd(), F_GETFL), "fcntl");
    mux::check(::fcntl(waker_->fd(), F_SETFL, flags & ~O_NONBLOCK), "fcntl");
  }
  void wake() override { waker_->wake(); }
  void sleep() override { waker_->drain(); }  // of a descriptor that blocks: the wait itself

 private:
  std::unique_ptr<lab05::Waker> waker_;
};

class Epoll final : public Channel {
 public:
  explicit Epoll(const std::string& name)
      : waker_(lab05::makeWaker(name)),
        epoll_(mux::check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
    epoll_event event{};
    event.events = waker_->events();
    mux::check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, waker_->fd(), &event), "epoll_ctl");
  }
  void wake() override { waker_->wake(); }
  void sleep() override {
    epoll_event event;
    while (::epoll_wait(epoll_.get(), &event, 1, -1) == -1) {
    }
    waker_->drain();
  }

 private:
  std::unique_ptr<lab05::Waker> waker_;
  mux::UniqueFd epoll_;
};

template <class Kind>
ChannelKind kind(const char* name) {
  return {name, [name] { return std::make_unique<Kind>(name); }};
}

}  // namespace

const std::vector<ChannelKind>& blockingChannels() {
  static const std::vector<ChannelKind> all{
      {"futex", [] { return std::make_unique<Futex>(); }},
      kind<Blocking>("eventfd"),
      kind<Blocking>("pipe"),
      kind<Blocking>("socketpair"),
      kind<Blocking>("tcp"),
  };
  return all;
}

const std::vector<ChannelKind>& epollChannels() {
  static const std::vector<ChannelKind> all{
      kind<Epoll>("eventfd"),    kind<Epoll>("eventfd-edge"), kind<Epoll>("pipe"),
      kind<Epoll>("socketpair"), kind<Epoll>("tcp"),
  };
  return all;
}

}  // namespace wakeup

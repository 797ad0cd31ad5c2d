// wake() and drain() of all five wakers, without a loop.
#include "labs/05_cross_thread_wakeup/waker.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <thread>

#include "actor.hpp"
#include "common/error.hpp"
#include "common/unique_fd.hpp"
#include "story.hpp"

namespace {

using namespace inside;
using lab05::Waker;
using mux::check;

constexpr int kBackstopMs = 10'000;  // for what is on its way through the kernel: TCP

// A waker, and an epoll instance that watches it as a loop would.
class Watched final : public Actor {
 public:
  explicit Watched(const std::string& name)
      : name_(name), epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
    startOver();
    waker_ = lab05::makeWaker(name);
    epoll_event event{};
    event.events = waker_->events();
    check(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, waker_->fd(), &event), "epoll_ctl");
  }

  int fd() const { return waker_->fd(); }

  void wake() {
    calls_.clear();
    const Acting acting(*this);
    waker_->wake();
  }
  void drain() {
    calls_.clear();
    const Acting acting(*this);
    waker_->drain();
  }

  // The steps.
  void isQuiet(const std::string& when) {
    step(name_ + ": " + when + ", fd() is not ready");
    inside::check(!hears(0), "it is ready", {calls_.empty() ? "no call was made" : calls_});
  }
  void wakes(const std::string& when) {
    step(name_ + ": " + when + ", fd() is ready");
    inside::check(hears(name_ == "tcp" ? kBackstopMs : 0), "it is not",
                  {calls_.empty() ? "no call was made" : calls_});
  }
  void says(const std::string& text) const { step(name_ + ": " + text); }

  // Bytes that a channel has accepted have arrived: they need a moment to get through TCP.
  void awaitBytes(int count) const {
    int arrived = 0;
    for (int i = 0; i < kBackstopMs && arrived < count; ++i) {
      check(::ioctl(fd(), FIONREAD, &arrived), "ioctl");
      if (arrived < count) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  void wouldBlock(const std::string& call) override {
    if (!filling) Actor::wouldBlock(call);
  }
  void moved(const std::string& call, ssize_t result) override {
    if (result == -1 && errno == EAGAIN) isFull = true;
    calls_ = call + " = " + std::to_string(result);
    if (result == -1) calls_ += " (" + mux::errnoText() + ")";
  }

  bool filling = false;  // what would block fails instead
  bool isFull = false;

 private:
  bool hears(int timeoutMs) {
    epoll_event event{};
    return check(::epoll_wait(epoll_.get(), &event, 1, timeoutMs), "epoll_wait") == 1;
  }

  const std::string name_;
  mux::UniqueFd epoll_;
  std::unique_ptr<Waker> waker_;
  std::string calls_;  // the last one of wake() or drain()
};

void expectWakes(const std::string& name) {
  Watched waker(name);
  waker.isQuiet("before anything happens");
  waker.wake();
  waker.wakes("after wake()");
  waker.drain();
  waker.isQuiet("after drain()");
  waker.says("drain() once more: there is nothing to drain, and it does not block");
  waker.drain();
  waker.wake();
  waker.wakes("after another wake()");
}

TEST(EventfdWaker, WakesAndIsDrained) {
  expectWakes("eventfd");
}

TEST(ChannelWaker, WakesAndIsDrained) {
  for (const char* const name : {"pipe", "socketpair", "tcp"}) expectWakes(name);
}

// It is never read: each wake-up is an edge of its own.
TEST(EventfdWaker, EdgeTriggeredEachWakeUpIsNews) {
  Watched waker("eventfd-edge");
  waker.isQuiet("before anything happens");
  for (const char* const when : {"after wake()", "after a second wake()"}) {
    waker.wake();
    waker.wakes(when);
    waker.drain();
    waker.isQuiet("that once told and drain() called");
  }
}

void expectDrainedAtOnce(const std::string& name, int count) {
  Watched waker(name);
  waker.says(std::to_string(count) + " calls of wake()");
  for (int i = 0; i < count; ++i) waker.wake();
  if (name != "eventfd") waker.awaitBytes(count);
  waker.wakes("after them");
  waker.drain();
  waker.isQuiet("after one drain()");
}

TEST(EventfdWaker, OneDrainTakesAllWakeUps) {
  expectDrainedAtOnce("eventfd", 200);
}

TEST(ChannelWaker, OneDrainTakesAllWakeUps) {
  expectDrainedAtOnce("socketpair", 200);  // 278 would fit
  expectDrainedAtOnce("tcp", 200);
  expectDrainedAtOnce("pipe", 5'000);
}

void expectNoHarm(Watched& waker) {
  waker.says("now it is full; wake() is called once more, and returns");
  waker.wake();
  waker.wakes("after that as before");
}

TEST(EventfdWaker, AFullOneIsAwakeAlready) {
  Watched waker("eventfd");
  waker.says("its counter is set to the highest value there is");
  const std::uint64_t highest = 0xFFFF'FFFF'FFFF'FFFE;
  check(static_cast<int>(::write(waker.fd(), &highest, sizeof highest)), "write");
  expectNoHarm(waker);
  waker.drain();
  waker.wake();
  waker.wakes("after drain() and another wake()");
}

TEST(ChannelWaker, AFullOneIsAwakeAlready) {
  for (const char* const name : {"socketpair", "pipe"}) {
    Watched waker(name);
    waker.says("it is filled with wake-ups");
    waker.filling = true;
    ::fcntl(waker.fd(), F_SETPIPE_SZ, 4096);  // of no effect on what is not a pipe
    constexpr int kMoreThanFits = 100'000;  // a pipe that cannot be made smaller holds 65,536 bytes
    for (int i = 0; i < kMoreThanFits && !waker.isFull; ++i) waker.wake();
    waker.filling = false;
    expectNoHarm(waker);
    waker.drain();
    waker.wake();
    waker.wakes("after drain() and another wake()");
  }
}

}  // namespace

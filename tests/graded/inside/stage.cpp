#include "stage.hpp"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <exception>
#include <utility>

#include "common/error.hpp"

namespace inside {
namespace {

constexpr int kSpins = 10'000;  // returns of the wait call without a scene: no test needs as many
constexpr int kEnds = 3;        // calls of stop() after which run() should have returned

mux::UniqueFd counter(unsigned start) {
  return mux::UniqueFd(mux::check(::eventfd(start, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd"));
}

std::string times(int count) {
  return count == 1 ? "once" : std::to_string(count) + " times";
}

}  // namespace

mux::UniqueFd readable() {
  return counter(1);
}

mux::UniqueFd silent() {
  return counter(0);
}

void makeReadable(const mux::UniqueFd& fd) {
  const std::uint64_t one = 1;
  mux::check(static_cast<int>(::write(fd.get(), &one, sizeof one)), "write");
}

void forgetAndClose(lab05::EventLoop& loop, mux::UniqueFd& fd) {
  loop.forget(fd.get());
  fd.reset();
}

Stage::Stage(Sleeper sleeper, const std::string& waker) : sleeper_(sleeper), bell_(silent()) {
  auto spy = std::make_unique<SpyWaker>(waker);
  waker_ = spy.get();
  loop_ = std::make_unique<lab05::EventLoop>(std::move(spy));
  loop_->watch(bell_.get(), EPOLLIN, [this](std::uint32_t) {
    const Offstage offstage;
    std::uint64_t count;
    [[maybe_unused]] const auto n = ::read(bell_.get(), &count, sizeof count);
  });
}

void Stage::whenAsleep(const std::string& text, Scene scene) {
  scenes_.push_back({text, std::move(scene)});
}

void Stage::whenStillAsleep(const std::string& outcome) {
  scenes_.push_back({"", [this, outcome] { fail(outcome, situation()); }});
  mayEnd();
}

void Stage::atMoment(int number, const std::string& text, Scene scene) {
  wanted_ = number;
  atMoment_ = {text, std::move(scene)};
}

void Stage::moment(const std::string& when) {
  if (wanted_ == 0 || holdsLock() || ++moments_ != wanted_) return;
  const Offstage offstage;
  step("the loop is held " + when + "; " + atMoment_.text);
  atMoment_.scene();
}

void Stage::run(const std::string& text) {
  step(text);
  try {
    const Acting acting(*this);
    loop_->run();
  } catch (const std::exception& error) {
    fail("run() gives up", {std::string("it let an exception out: ") + error.what()});
  } catch (...) {
    fail("run() gives up", {"it let out what a task or handler threw"});
  }
  if (!mayEnd_) {
    check(next_ == scenes_.size(), "run() has returned, and nobody has called stop()");
  }
}

int Stage::wait(int epoll, epoll_event* events, int room, int timeoutMs) {
  moment("before its wait call");
  for (;;) {
    const int count = waitForReal(epoll, events, room, 0);
    if (count != 0 || timeoutMs == 0) {
      if (++turns_ > kSpins) spins();
      moment("after its wait call");
      return count;
    }
    timeoutMs_ = timeoutMs;
    playNext();
    if (std::exchange(interrupted_, false)) {
      // What a failed call leaves in the array is nobody's to look at.
      std::memset(static_cast<void*>(events), 0xDD,
                  static_cast<std::size_t>(room) * sizeof *events);
      errno = EINTR;
      return -1;
    }
  }
}

void Stage::playNext() {
  const Offstage offstage;
  turns_ = 0;
  if (helps_ != 0) {
    --helps_;
    return makeReadable(bell_);
  }
  if (next_ == scenes_.size()) return end();
  const Entry& entry = scenes_[next_++];
  if (!entry.text.empty()) step(entry.text);
  entry.scene();
  helps_ = isHelped() && !interrupted_ ? kHelps : 0;
}

void Stage::end() {
  if (++ends_ > kEnds) {
    step("stop() is called");
    fail("run() does not return");
  }
  loop_->stop();
  makeReadable(bell_);
}

void Stage::spins() const {
  const bool undrained = isReady(waker_->fd(), POLLIN) && (waker_->events() & EPOLLET) == 0;
  fail("the loop does not sleep any more",
       {"its wait call has returned " + std::to_string(kSpins) + " times in a row",
        undrained ? "the waker's descriptor is still readable" : "nothing new has happened"});
}

Details Stage::situation() const {
  return {"the loop is asleep, with a time-out of " + std::to_string(timeoutMs_) +
              (timeoutMs_ < 0 ? ": for ever" : " ms: nothing else would end its sleep"),
          "wake() was called " + times(waker_->wakes) + ", drain() " + times(waker_->drains)};
}

}  // namespace inside

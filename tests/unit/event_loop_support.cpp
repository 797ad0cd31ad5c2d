#include "tests/unit/event_loop_support.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "common/error.hpp"

namespace unit {

using mux::check;
using mux::UniqueFd;

LoopThread::LoopThread(std::unique_ptr<lab05::Waker> waker) : loop_(std::move(waker)) {
  std::promise<pid_t> id;
  thread_ = std::jthread([this, &id] {
    id.set_value(::gettid());
    loop_.run();
    ended_ = true;
  });
  watch_.emplace(id.get_future().get());
}

LoopThread::~LoopThread() {
  loop_.stop();
  if (hasEnded()) return;
  std::fputs("the loop does not stop: giving up on this test program\n", stderr);
  std::abort();
}

void LoopThread::park() const {
  ASSERT_TRUE(eventually([&] { return watch_->isWaiting(); }));
}

bool LoopThread::hasEnded() const {
  return eventually([&] { return ended_.load(); });
}

UniqueFd readable() {
  return UniqueFd(check(::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd"));
}

UniqueFd silent() {
  return UniqueFd(check(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd"));
}

void makeReadable(const UniqueFd& fd) {
  const std::uint64_t one = 1;
  check(static_cast<int>(::write(fd.get(), &one, sizeof one)), "write");
}

void waitFor(const std::future<void>& future) {
  if (future.wait_for(kBackstop) != std::future_status::ready) {
    throw std::runtime_error("the task did not run");
  }
}

INSTANTIATE_TEST_SUITE_P(Wakers, EventLoopOn,
                         testing::Values("eventfd", "eventfd-edge", "pipe", "socketpair", "tcp"),
                         [](const auto& waker) {
                           std::string name = waker.param;
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace unit

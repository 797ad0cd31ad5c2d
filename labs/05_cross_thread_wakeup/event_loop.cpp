#include "labs/05_cross_thread_wakeup/event_loop.hpp"

#include <array>
#include <cassert>
#include <span>
#include <utility>

#include "common/debug_dump.hpp"
#include "common/error.hpp"
#include "common/log.hpp"

namespace lab05 {

using namespace mux;

namespace {

constexpr int kMaxEvents = 256;  // for one call; who is left out stays ready and comes next time

// What one task or handler throws concerns neither the others nor the loop.
template <class Call, class... Arguments>
void callLogged(const Call& call, Arguments... arguments) noexcept try {
  call(arguments...);
} catch (const std::exception& error) {
  log::error("a task or handler threw: ", error.what());
} catch (...) {
  log::error("a task or handler threw something that is not a std::exception");
}

}  // namespace

EventLoop::EventLoop(std::unique_ptr<Waker> waker)
    : epoll_(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")), waker_(std::move(waker)) {
  watch(waker_->fd(), waker_->events(), [this](std::uint32_t) { waker_->drain(); });
}

void EventLoop::run() {
  owner_ = std::this_thread::get_id();
  while (!stopping_) {
    std::array<epoll_event, kMaxEvents> events;
    const int count = ::epoll_wait(epoll_.get(), events.data(), kMaxEvents, -1);
    if (count == -1 && errno == EINTR) continue;  // a signal: there is no answer to look at
    check(count, "epoll_wait");
    for (const epoll_event& event : std::span(events.data(), static_cast<std::size_t>(count))) {
      // An earlier handler of this batch may have forgotten this descriptor, closed it, and watched
      // a new one of the same number. The pointer, unlike the number, still tells them apart.
      const Watch& watch = *static_cast<const Watch*>(event.data.ptr);
      if (watch.fd == -1) continue;
      log::debug("epoll_wait tells: fd ", watch.fd, " ", EventNames{event.events});
      callLogged(watch.handler, event.events);
    }
    std::exchange(forgotten_, {}).clear();  // no event can point to them any more
    runTasks();                             // after drain(), never before: see post()
  }
  runTasks();  // posted before stop(); and waits for a stop() or post() that still holds the lock
  owner_ = std::thread::id();
}

// Only the first task of a batch wakes the loop. The order in run() makes that safe: once a wake-up
// is drained, runTasks() still empties the queue before the loop sleeps. The other way round, a
// post() between the two would find its wake-up drained and its task left behind.
// The wake-up is written under the lock. After it, the loop may have run the task already, and what
// that task did may have been to let the loop be destroyed, waker and all.
void EventLoop::post(Task task) {
  const std::lock_guard lock(mutex_);
  tasks_.push_back(std::move(task));
  if (tasks_.size() == 1) waker_->wake();
}

void EventLoop::runInLoop(Task task) {
  if (inLoopThread()) return task();
  post(std::move(task));
}

void EventLoop::stop() noexcept {
  const std::lock_guard lock(mutex_);  // as in post(): the loop must be there for wake()
  stopping_ = true;
  waker_->wake();
}

// Tasks run outside the lock, so that they may post(). What they post runs in the next round, so
// that they cannot keep the loop from its descriptors.
void EventLoop::runTasks() {
  {
    const std::lock_guard lock(mutex_);
    batch_.swap(tasks_);
  }
  for (const Task& task : batch_) callLogged(task);
  batch_.clear();
}

void EventLoop::watch(int fd, std::uint32_t events, Handler handler) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watches_.size()) watches_.resize(index + 1);
  auto watch = std::make_unique<Watch>(Watch{fd, std::move(handler)});
  control(EPOLL_CTL_ADD, fd, events, watch.get());
  watches_[index] = std::move(watch);
}

void EventLoop::change(int fd, std::uint32_t events) {
  control(EPOLL_CTL_MOD, fd, events, watches_[static_cast<std::size_t>(fd)].get());
}

void EventLoop::forget(int fd) {
  control(EPOLL_CTL_DEL, fd, 0, nullptr);
  std::unique_ptr<Watch>& watch = watches_[static_cast<std::size_t>(fd)];
  watch->fd = -1;
  forgotten_.push_back(std::move(watch));  // not destroyed: its handler may be the one that runs
}

void EventLoop::control(int operation, int fd, std::uint32_t events, Watch* watch) {
  assert(owner_.load() == std::thread::id() || inLoopThread());
  epoll_event event{};
  event.events = events;
  event.data.ptr = watch;
  check(::epoll_ctl(epoll_.get(), operation, fd, &event), "epoll_ctl");
}

}  // namespace lab05

#include "actor.hpp"

#include <poll.h>

#include <algorithm>
#include <cerrno>

#include "story.hpp"

namespace inside {
namespace {

thread_local Actor* current = nullptr;
thread_local int offstage = 0;

// A thread that locks such a mutex twice waits for itself.
bool locksOnlyOnce(const pthread_mutex_t* mutex) {
  const int kind = mutex->__data.__kind & 3;  // glibc's
  return kind == PTHREAD_MUTEX_NORMAL || kind == PTHREAD_MUTEX_ADAPTIVE_NP;
}

}  // namespace

int Actor::wait(int epoll, epoll_event* events, int room, int timeoutMs) {
  return waitForReal(epoll, events, room, timeoutMs);
}

void Actor::wouldBlock(const std::string& call) {
  fail("it blocks, for ever",
       {call + " waits: the descriptor is in blocking mode, and nobody will make it ready"});
}

int Actor::lock(pthread_mutex_t* mutex) {
  moment("before it locks a mutex");
  if (std::ranges::count(held_, mutex) != 0 && locksOnlyOnce(mutex)) {
    fail("deadlock",
         {"the thread locks a mutex that it holds already, and so waits for itself, for ever"});
  }
  int result = ::pthread_mutex_trylock(mutex);
  if (result == EBUSY) {
    blocked();
    result = lockForReal(mutex);
  }
  if (result == 0) held_.push_back(mutex);
  return result;
}

int Actor::unlock(pthread_mutex_t* mutex) {
  const auto last = std::find(held_.rbegin(), held_.rend(), mutex);
  if (last != held_.rend()) held_.erase(std::next(last).base());
  const int result = unlockForReal(mutex);
  moment("after it has unlocked a mutex");
  return result;
}

Acting::Acting(Actor& actor) : before_(current) {
  current = &actor;
}

Acting::~Acting() {
  current = before_;
}

Offstage::Offstage() {
  ++offstage;
}

Offstage::~Offstage() {
  --offstage;
}

Actor* onStage() {
  return offstage == 0 ? current : nullptr;
}

bool isReady(int fd, short events) {
  pollfd entry{fd, events, 0};
  return ::poll(&entry, 1, 0) != 0;
}

}  // namespace inside

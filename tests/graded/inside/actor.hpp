// The threads of a test whose every call is seen, and the moments between two calls.
#pragma once

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

namespace inside {

// One thread. What the code under test calls there comes to these functions: see intercept.cpp.
class Actor {
 public:
  Actor() = default;
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;
  virtual ~Actor() = default;

  // In place of epoll_wait(2).
  virtual int wait(int epoll, epoll_event* events, int room, int timeoutMs);

  // The thread is between two calls, and `when` says between which: "before it locks a mutex".
  virtual void moment(const std::string& when) { (void)when; }

  // The thread wants a mutex that another one has.
  virtual void blocked() {}

  // The call would block: the descriptor is in blocking mode, and nobody will make it ready. If
  // this returns, the call fails with EAGAIN.
  virtual void wouldBlock(const std::string& call);

  // A read or write has returned.
  virtual void moved(const std::string& call, ssize_t result) { (void)call, (void)result; }

  int lock(pthread_mutex_t* mutex);
  int unlock(pthread_mutex_t* mutex);
  bool holdsLock() const { return !held_.empty(); }

 private:
  std::vector<pthread_mutex_t*> held_;
};

// While it lives, this thread is that actor.
class Acting {
 public:
  explicit Acting(Actor& actor);
  ~Acting();
  Acting(const Acting&) = delete;
  Acting& operator=(const Acting&) = delete;

 private:
  Actor* before_;
};

// While it lives, this thread's calls are the test's own, and go straight to libc.
class Offstage {
 public:
  Offstage();
  ~Offstage();
  Offstage(const Offstage&) = delete;
  Offstage& operator=(const Offstage&) = delete;
};

Actor* onStage();  // nullptr if this thread is no actor, or is offstage

// The real calls.
int waitForReal(int epoll, epoll_event* events, int room, int timeoutMs);
int lockForReal(pthread_mutex_t* mutex);
int unlockForReal(pthread_mutex_t* mutex);

bool isReady(int fd, short events);  // poll(2), now

}  // namespace inside

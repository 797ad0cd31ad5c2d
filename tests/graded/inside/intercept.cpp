// Stands between the code under test and libc: the linker brings its calls here (--wrap).
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iomanip>
#include <sstream>
#include <string>

#include "actor.hpp"

namespace inside {
namespace {

// "read(5, …, 8)", "write(5, 01 00 00 00 00 00 00 00, 8)"
std::string named(const char* call, int fd, const void* bytes, std::size_t size) {
  constexpr std::size_t kShown = 8;
  std::ostringstream text;
  text << call << '(' << fd << ", " << std::hex << std::setfill('0');
  for (std::size_t i = 0; bytes != nullptr && i < std::min(size, kShown); ++i) {
    text << (i == 0 ? "" : " ") << std::setw(2) << +static_cast<const unsigned char*>(bytes)[i];
  }
  text << (bytes == nullptr || size > kShown ? "…" : "") << ", " << std::dec << size << ')';
  return text.str();
}

// Makes the call without blocking, whatever mode the descriptor is in. If it would have blocked,
// the actor says what to do.
template <class Call>
ssize_t callWithoutBlocking(Actor& actor, const std::string& text, int fd, const Call& call) {
  const int mode = ::fcntl(fd, F_GETFL);
  if ((mode & O_NONBLOCK) != 0) return call();
  ::fcntl(fd, F_SETFL, mode | O_NONBLOCK);
  const ssize_t result = call();
  const int error = errno;
  ::fcntl(fd, F_SETFL, mode);
  if (result == -1 && error == EAGAIN) actor.wouldBlock(text);
  errno = error;
  return result;
}

template <class Call>
ssize_t transfer(const char* name, int fd, const void* bytes, std::size_t size, const Call& call) {
  Actor* const actor = onStage();
  if (actor == nullptr) return call();
  const Offstage offstage;
  const std::string text = named(name, fd, bytes, size);
  const ssize_t result = callWithoutBlocking(*actor, text, fd, call);
  const int error = errno;
  actor->moved(text, result);
  errno = error;
  return result;
}

}  // namespace
}  // namespace inside

using inside::Actor;
using inside::onStage;

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): --wrap wants these names
extern "C" {

int __real_epoll_wait(int epoll, epoll_event* events, int room, int timeoutMs);
int __real_epoll_pwait(int epoll, epoll_event* events, int room, int timeoutMs, const sigset_t* m);
int __real_pthread_mutex_lock(pthread_mutex_t* mutex);
int __real_pthread_mutex_unlock(pthread_mutex_t* mutex);
ssize_t __real_read(int fd, void* into, std::size_t size);
ssize_t __real_recv(int fd, void* into, std::size_t size, int flags);
ssize_t __real_send(int fd, const void* bytes, std::size_t size, int flags);
ssize_t __real_write(int fd, const void* bytes, std::size_t size);

int __wrap_epoll_wait(int epoll, epoll_event* events, int room, int timeoutMs) {
  Actor* const actor = onStage();
  return actor ? actor->wait(epoll, events, room, timeoutMs)
               : __real_epoll_wait(epoll, events, room, timeoutMs);
}

int __wrap_epoll_pwait(int epoll, epoll_event* events, int room, int timeoutMs, const sigset_t* m) {
  Actor* const actor = onStage();
  return actor ? actor->wait(epoll, events, room, timeoutMs)
               : __real_epoll_pwait(epoll, events, room, timeoutMs, m);
}

int __wrap_pthread_mutex_lock(pthread_mutex_t* mutex) {
  Actor* const actor = onStage();
  return actor ? actor->lock(mutex) : __real_pthread_mutex_lock(mutex);
}

int __wrap_pthread_mutex_unlock(pthread_mutex_t* mutex) {
  Actor* const actor = onStage();
  return actor ? actor->unlock(mutex) : __real_pthread_mutex_unlock(mutex);
}

ssize_t __wrap_read(int fd, void* into, std::size_t size) {
  return inside::transfer("read", fd, nullptr, size, [&] { return __real_read(fd, into, size); });
}

ssize_t __wrap_recv(int fd, void* into, std::size_t size, int flags) {
  return inside::transfer("recv", fd, nullptr, size,
                          [&] { return __real_recv(fd, into, size, flags); });
}

ssize_t __wrap_send(int fd, const void* bytes, std::size_t size, int flags) {
  return inside::transfer("send", fd, bytes, size,
                          [&] { return __real_send(fd, bytes, size, flags); });
}

ssize_t __wrap_write(int fd, const void* bytes, std::size_t size) {
  return inside::transfer("write", fd, bytes, size, [&] { return __real_write(fd, bytes, size); });
}
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

namespace inside {

int waitForReal(int epoll, epoll_event* events, int room, int timeoutMs) {
  return __real_epoll_wait(epoll, events, room, timeoutMs);
}

int lockForReal(pthread_mutex_t* mutex) {
  return __real_pthread_mutex_lock(mutex);
}

int unlockForReal(pthread_mutex_t* mutex) {
  return __real_pthread_mutex_unlock(mutex);
}

}  // namespace inside

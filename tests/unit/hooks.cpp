#include "tests/unit/hooks.hpp"

// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): --wrap wants these names
extern "C" {

int __real_accept4(int fd, sockaddr* address, socklen_t* size, int flags);
int __real_connect(int fd, const sockaddr* address, socklen_t size);
int __real_epoll_ctl(int epoll, int operation, int fd, epoll_event* event);
int __real_epoll_wait(int epoll, epoll_event* events, int count, int timeoutMs);
int __real_poll(pollfd* entries, nfds_t count, int timeoutMs);
int __real_select(int nfds, fd_set* read, fd_set* write, fd_set* except, timeval* timeout);
ssize_t __real_recv(int fd, void* into, std::size_t size, int flags);
ssize_t __real_send(int fd, const void* bytes, std::size_t size, int flags);

int __wrap_accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  if (const auto result = unit::hooks::accept4.before(fd)) return *result;
  return __real_accept4(fd, address, size, flags);
}

int __wrap_connect(int fd, const sockaddr* address, socklen_t size) {
  if (const auto result = unit::hooks::connect.before(fd, address, size)) return *result;
  return __real_connect(fd, address, size);
}

int __wrap_epoll_ctl(int epoll, int operation, int fd, epoll_event* event) {
  if (const auto result = unit::hooks::epollCtl.before(operation, fd, event)) return *result;
  return __real_epoll_ctl(epoll, operation, fd, event);
}

int __wrap_epoll_wait(int epoll, epoll_event* events, int count, int timeoutMs) {
  if (const auto result = unit::hooks::epollWait.before()) return *result;
  return __real_epoll_wait(epoll, events, count, timeoutMs);
}

int __wrap_poll(pollfd* entries, nfds_t count, int timeoutMs) {
  if (const auto result = unit::hooks::poll.before(count)) return *result;
  return __real_poll(entries, count, timeoutMs);
}

int __wrap_select(int nfds, fd_set* read, fd_set* write, fd_set* except, timeval* timeout) {
  if (const auto result = unit::hooks::select.before(nfds, timeout)) return *result;
  return __real_select(nfds, read, write, except, timeout);
}

ssize_t __wrap_recv(int fd, void* into, std::size_t size, int flags) {
  if (const auto result = unit::hooks::recv.before(fd, into, size)) return *result;
  return __real_recv(fd, into, size, flags);
}

ssize_t __wrap_send(int fd, const void* bytes, std::size_t size, int flags) {
  if (const auto result = unit::hooks::send.before(fd, bytes, size)) return *result;
  return __real_send(fd, bytes, size, flags);
}
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

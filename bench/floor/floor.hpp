// Shared by the floors: the least code that can echo, to measure everything else against.
//
// What they leave out, and a server must not: output that the kernel does not take is waited for on
// the spot, so one slow reader stops everybody; nobody is ever turned away; errors of set-up end
// the program.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "bench/start.hpp"

namespace bench {

// Sends all of it. False if the client is gone.
inline bool sendAll(int fd, const char* data, ssize_t size) {
  while (size > 0) {
    const ssize_t n = ::send(fd, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (n == -1 && errno != EAGAIN) return false;
    if (n == -1) {
      pollfd room{fd, POLLOUT, 0};
      ::poll(&room, 1, -1);
      continue;
    }
    data += n;
    size -= n;
  }
  return true;
}

// One recv(2), and the reply. Returns what recv(2) returned; 0 also if the client is gone.
inline ssize_t echoOnce(int fd) {
  static thread_local char room[kMessageRoom];
  const ssize_t n = ::recv(fd, room, sizeof room, 0);
  if (n == -1) return errno == EAGAIN ? -1 : 0;
  return sendAll(fd, room, n) ? n : 0;
}

}  // namespace bench

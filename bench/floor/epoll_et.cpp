// The floor of lab 04: epoll(7), edge-triggered, reading until EAGAIN. With STOP_AT_SHORT_READ a
// short read counts as the end, which saves a recv(2) and can strand what came behind it: see the
// lab's slides.
#include <sys/epoll.h>

#include "bench/floor/floor.hpp"

static bool mayHaveMore(ssize_t n) {
#ifdef STOP_AT_SHORT_READ
  return n == bench::kMessageRoom;
#else
  return n > 0;
#endif
}

int main(int argc, char** argv) {
  const int listener = bench::listenOn(bench::portOf(argc, argv, "epoll(7)"), SOCK_NONBLOCK);
  const int epoll = mux::check(::epoll_create1(0), "epoll_create1");
  epoll_event events[256];
  events[0] = {.events = EPOLLIN | EPOLLET, .data = {.fd = listener}};
  mux::check(::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, events), "epoll_ctl");
  for (;;) {
    const int count = ::epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        for (int client; (client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) != -1;) {
          epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.fd = client}};
          ::epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
        }
        continue;
      }
      ssize_t n;
      do n = bench::echoOnce(fd);
      while (mayHaveMore(n));
      if (n == 0) ::close(fd);
    }
  }
}

// The floor of lab 03: epoll(7), level-triggered. With SECOND_THREAD the floor of lab 05: the same
// loop in a thread that is not the only one, for which the C library's recv(2) and send(2) take a
// longer way.
#include <sys/epoll.h>

#include <thread>

#include "bench/floor/floor.hpp"

static void serve(int listener) {
  const int epoll = mux::check(::epoll_create1(0), "epoll_create1");
  epoll_event events[256];
  events[0] = {.events = EPOLLIN, .data = {.fd = listener}};
  mux::check(::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, events), "epoll_ctl");
  for (;;) {
    const int count = ::epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        for (int client; (client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) != -1;) {
          epoll_event event{.events = EPOLLIN, .data = {.fd = client}};
          ::epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
        }
      } else if (bench::echoOnce(fd) == 0) {
        ::close(fd);
      }
    }
  }
}

int main(int argc, char** argv) {
  const int listener = bench::listenOn(bench::portOf(argc, argv, "epoll(7)"), SOCK_NONBLOCK);
#ifdef SECOND_THREAD
  std::jthread(serve, listener).join();
#else
  serve(listener);
#endif
}

// Lab 03. Every error is the end of the program.
#include <sys/epoll.h>

#include "start.hpp"

void check(ssize_t result, const char* what) {
  if (result == -1) {
    perror(what);
    exit(EXIT_FAILURE);
  }
}

int main(int argc, char** argv) {
  const int listener = start(argc, argv);
  const int epoll = epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener;
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
  for (;;) {
    epoll_event events[16];
    const int count = epoll_wait(epoll, events, 16, -1);
    check(count, "epoll_wait");
    for (int i = 0; i < count; i++) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        event.data.fd = accept(listener, nullptr, nullptr);
        check(event.data.fd, "accept");
        check(epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event), "epoll_ctl");
        continue;
      }
      char buffer[4096];
      const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
      check(n, "recv");
      if (n == 0) {
        close(fd);
      } else {
        check(send(fd, buffer, n, 0), "send");
      }
    }
  }
}

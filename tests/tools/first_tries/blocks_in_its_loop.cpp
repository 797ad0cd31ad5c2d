// Lab 04. It reads until there is nothing more, and its sockets are blocking.
#include <sys/epoll.h>

#include "start.hpp"

int main(int argc, char** argv) {
  const int listener = start(argc, argv);
  makeNonBlocking(listener);
  const int epoll = epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  event.data.fd = listener;
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    epoll_event events[16];
    const int count = epoll_wait(epoll, events, 16, -1);
    for (int i = 0; i < count; i++) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        int client;
        while ((client = accept(listener, nullptr, nullptr)) != -1) {
          event.data.fd = client;
          epoll_ctl(epoll, EPOLL_CTL_ADD, client, &event);
        }
        continue;
      }
      char buffer[4096];
      ssize_t n;
      while ((n = read(fd, buffer, sizeof buffer)) > 0) write(fd, buffer, n);
      if (n == 0) close(fd);
    }
  }
}

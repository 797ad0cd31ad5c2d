// Lab 01. nfds is taken for the highest descriptor.
#include <sys/select.h>

#include "start.hpp"

int main(int argc, char** argv) {
  const int listener = start(argc, argv);
  fd_set all;
  FD_ZERO(&all);
  FD_SET(listener, &all);
  int nfds = listener + 1;
  for (;;) {
    fd_set ready = all;
    select(nfds, &ready, nullptr, nullptr, nullptr);
    for (int fd = 0; fd < nfds; fd++) {
      if (!FD_ISSET(fd, &ready)) continue;
      if (fd == listener) {
        const int client = accept(listener, nullptr, nullptr);
        FD_SET(client, &all);
        if (client > nfds) nfds = client;
      } else {
        char buffer[4096];
        const ssize_t n = read(fd, buffer, sizeof buffer);
        if (n <= 0) {
          FD_CLR(fd, &all);
          close(fd);
        } else {
          write(fd, buffer, n);
        }
      }
    }
  }
}

// Lab 01. SIGTERM sets a flag, and nobody looks at it.
#include <sys/select.h>

#include <csignal>

#include "start.hpp"

volatile sig_atomic_t stopped = 0;

int main(int argc, char** argv) {
  signal(SIGTERM, [](int) { stopped = 1; });
  const int listener = start(argc, argv);
  fd_set all;
  FD_ZERO(&all);
  FD_SET(listener, &all);
  int highest = listener;
  for (;;) {
    fd_set ready = all;
    if (select(highest + 1, &ready, nullptr, nullptr, nullptr) == -1) continue;
    for (int fd = 0; fd <= highest; fd++) {
      if (!FD_ISSET(fd, &ready)) continue;
      if (fd == listener) {
        const int client = accept(listener, nullptr, nullptr);
        FD_SET(client, &all);
        if (client > highest) highest = client;
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

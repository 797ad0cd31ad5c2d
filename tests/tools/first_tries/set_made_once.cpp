// Lab 01. select is given the one set, again and again.
#include <sys/select.h>

#include "start.hpp"

int main(int argc, char** argv) {
  const int listener = start(argc, argv);
  fd_set ready;
  FD_ZERO(&ready);
  FD_SET(listener, &ready);
  int highest = listener;
  for (;;) {
    select(highest + 1, &ready, nullptr, nullptr, nullptr);
    for (int fd = 0; fd <= highest; fd++) {
      if (!FD_ISSET(fd, &ready)) continue;
      if (fd == listener) {
        const int client = accept(listener, nullptr, nullptr);
        FD_SET(client, &ready);
        if (client > highest) highest = client;
      } else {
        char buffer[4096];
        const ssize_t n = read(fd, buffer, sizeof buffer);
        if (n <= 0) {
          FD_CLR(fd, &ready);
          close(fd);
        } else {
          write(fd, buffer, n);
        }
      }
    }
  }
}

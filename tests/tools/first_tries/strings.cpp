// Lab 01. What comes in is a string, so strlen knows how long it is.
#include <sys/select.h>

#include "start.hpp"

int main(int argc, char** argv) {
  const int listener = start(argc, argv);
  fd_set all;
  FD_ZERO(&all);
  FD_SET(listener, &all);
  int highest = listener;
  for (;;) {
    fd_set ready = all;
    select(highest + 1, &ready, nullptr, nullptr, nullptr);
    for (int fd = 0; fd <= highest; fd++) {
      if (!FD_ISSET(fd, &ready)) continue;
      if (fd == listener) {
        const int client = accept(listener, nullptr, nullptr);
        FD_SET(client, &all);
        if (client > highest) highest = client;
      } else {
        static char buffer[4096];
        if (read(fd, buffer, sizeof buffer - 1) <= 0) {
          FD_CLR(fd, &all);
          close(fd);
        } else {
          write(fd, buffer, strlen(buffer));
        }
      }
    }
  }
}

// Lab 02. A client that has gone is closed, and left in the array.
#include <poll.h>

#include "start.hpp"

int main(int argc, char** argv) {
  std::vector<pollfd> fds{{start(argc, argv), POLLIN, 0}};
  for (;;) {
    poll(fds.data(), fds.size(), -1);
    for (std::size_t i = 0; i < fds.size(); i++) {
      if (!fds[i].revents) continue;
      if (i == 0) {
        fds.push_back({accept(fds[0].fd, nullptr, nullptr), POLLIN, 0});
        continue;
      }
      char buffer[4096];
      const ssize_t n = read(fds[i].fd, buffer, sizeof buffer);
      if (n > 0) {
        write(fds[i].fd, buffer, n);
      } else {
        close(fds[i].fd);
      }
    }
  }
}

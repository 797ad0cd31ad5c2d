// The floor of lab 02: poll(2).
#include <poll.h>

#include <vector>

#include "bench/floor/floor.hpp"

int main(int argc, char** argv) {
  const int listener = bench::listenOn(bench::portOf(argc, argv, "poll(2)"), SOCK_NONBLOCK);
  std::vector<pollfd> all{{listener, POLLIN, 0}};
  for (;;) {
    int left = ::poll(all.data(), all.size(), -1);
    for (std::size_t i = all.size();
         i-- > 1 && left > 0;) {  // from the end: removal moves the last one here
      if (all[i].revents == 0) continue;
      --left;
      if (bench::echoOnce(all[i].fd) != 0) continue;
      ::close(all[i].fd);
      all[i] = all.back();
      all.pop_back();
    }
    if (all[0].revents == 0) continue;
    for (int client; (client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) != -1;) {
      all.push_back({client, POLLIN, 0});
    }
  }
}

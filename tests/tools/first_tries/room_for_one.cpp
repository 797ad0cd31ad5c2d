// Lab 02. Each client needs a buffer. There is one for the first.
#include <poll.h>

#include "start.hpp"

struct Client {
  std::string buffer;
};

int main(int argc, char** argv) {
  std::vector<pollfd> fds{{start(argc, argv), POLLIN, 0}};
  std::map<int, Client*> clients;
  for (;;) {
    poll(fds.data(), fds.size(), -1);
    for (std::size_t i = 0; i < fds.size(); i++) {
      if (!fds[i].revents) continue;
      if (i == 0) {
        const int fd = accept(fds[0].fd, nullptr, nullptr);
        if (clients.empty()) clients[fd] = new Client;
        fds.push_back({fd, POLLIN, 0});
        continue;
      }
      char data[4096];
      const ssize_t n = read(fds[i].fd, data, sizeof data);
      if (n > 0) {
        Client* client = clients[fds[i].fd];
        client->buffer.assign(data, n);
        write(fds[i].fd, client->buffer.data(), client->buffer.size());
      } else {
        close(fds[i].fd);
        fds.erase(fds.begin() + i);
        i--;
      }
    }
  }
}

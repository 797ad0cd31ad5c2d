// Lab 01. The first line is meant for people.
#include "start.hpp"

int main(int argc, char** argv) {
  const int listener = listenAt(portFrom(argc, argv));
  std::cout << "Server started on port " << portOf(listener) << std::endl;
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    char buffer[1024];
    ssize_t n;
    while ((n = read(client, buffer, sizeof buffer)) > 0) write(client, buffer, n);
    close(client);
  }
}

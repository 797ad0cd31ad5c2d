// Lab 01. It works with nc: who needs to be told where it listens?
#include "start.hpp"

int main(int argc, char** argv) {
  const int listener = listenAt(portFrom(argc, argv));
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    char buffer[1024];
    ssize_t n;
    while ((n = read(client, buffer, sizeof buffer)) > 0) write(client, buffer, n);
    close(client);
  }
}

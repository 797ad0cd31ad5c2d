// Lab 01. The textbook's first server: the next client is accepted when this one has gone.
#include "start.hpp"

int main(int argc, char** argv) {
  const int listener = start(argc, argv);
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    char buffer[1024];
    ssize_t n;
    while ((n = read(client, buffer, sizeof buffer)) > 0) write(client, buffer, n);
    close(client);
  }
}

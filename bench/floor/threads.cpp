// What multiplexing is an answer to: a blocking thread for each client.
#include <thread>

#include "bench/floor/floor.hpp"

int main(int argc, char** argv) {
  const int listener = bench::listenOn(bench::portOf(argc, argv, "threads"), 0);
  for (int client;
       (client = ::accept4(listener, nullptr, nullptr, 0)) != -1 || errno == ECONNABORTED;) {
    if (client == -1) continue;
    std::thread([client] {
      while (bench::echoOnce(client) > 0) {
      }
      ::close(client);
    }).detach();
  }
}

// The floor of lab 01: select(2). It takes more than FD_SETSIZE clients: the C library's fd_set is
// too small for them, and the kernel does not mind a larger one.
#include <sys/select.h>

#include <cstring>
#include <vector>

#include "bench/floor/floor.hpp"

// fd_set is an array of longs, one bit for each descriptor: these are FD_SET and FD_ISSET without
// its end.
constexpr int kBits = 8 * sizeof(long);
using Set = std::vector<unsigned long>;

static void put(Set& set, int fd, bool in) {
  const unsigned long bit = 1ul << (fd % kBits);
  auto& word = set[static_cast<std::size_t>(fd / kBits)];
  word = in ? word | bit : word & ~bit;
}

int main(int argc, char** argv) {
  const int listener = bench::listenOn(bench::portOf(argc, argv, "select(2)"), SOCK_NONBLOCK);
  constexpr int kMost = 1 << 20;  // descriptors
  Set watched(kMost / kBits), ready(kMost / kBits);
  put(watched, listener, true);
  int highest = listener;
  for (;;) {
    const std::size_t words = static_cast<std::size_t>(highest / kBits) + 1;
    std::memcpy(ready.data(), watched.data(), words * sizeof(long));
    int left =
        ::select(highest + 1, reinterpret_cast<fd_set*>(ready.data()), nullptr, nullptr, nullptr);
    for (std::size_t word = 0; word < words && left > 0; ++word) {
      for (unsigned long bits = ready[word]; bits != 0; bits &= bits - 1, --left) {
        const int fd = static_cast<int>(word) * kBits + __builtin_ctzl(bits);
        if (fd == listener) {
          for (int client; (client = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) != -1;) {
            put(watched, client, true);
            if (client > highest) highest = client;
          }
        } else if (bench::echoOnce(fd) == 0) {
          put(watched, fd, false);
          ::close(fd);
        }
      }
    }
  }
}

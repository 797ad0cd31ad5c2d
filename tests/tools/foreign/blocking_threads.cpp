// A thread for each client, blocking calls, no multiplexing at all.
#define CONTRACT_LISTENER
#include <atomic>
#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "contract.h"

namespace {

bool sendAll(int client, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t sent = ::send(client, data, size, MSG_NOSIGNAL);
    if (sent == -1 && errno == EINTR) continue;
    if (sent == -1) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

void serve(int client, const std::string& prefix) {
  char data[16 * 1024];
  for (;;) {
    const ssize_t size = ::recv(client, data, sizeof data, 0);
    if (size == -1 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size <= 0) break;
    if (!sendAll(client, prefix.data(), prefix.size())) break;
    if (!sendAll(client, data, static_cast<std::size_t>(size))) break;
  }
  ::close(client);
}

void acceptAll(int listener, const contract& options) {
  static std::atomic<long> clients = 0;
  for (;;) {
    const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (client == -1) {
      if (errno != EINTR && errno != ECONNABORTED)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    } else if (clients >= options.max_clients) {
      ::close(client);
    } else {
      ++clients;
      std::thread([client, &options] {
        serve(client, options.prefix);
        --clients;
      }).detach();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const contract options = parse_options(argc, argv);
  const int listener = listening_socket(&options, 0);
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGINT);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);  // before there is another thread: they inherit it
  std::thread(acceptAll, listener, std::cref(options)).detach();
  announce(listener);
  int number;
  sigwait(&stop, &number);
  std::_Exit(0);  // the threads are in the middle of something: no destructors under their feet
}

// What floor/ and peers/ need to keep the kit's contract: --port, and the first line on stdout.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>

#include "common/error.hpp"
#include "common/inet_address.hpp"

namespace bench {

inline constexpr int kMessageRoom = 16 * 1024;  // bytes for one recv(2): as much as a lab's

// The port to listen on: --port N, or one that the kernel chooses. With --version, prints that and
// ends. Other options are not looked at: a program of this folder has none.
inline std::uint16_t portOf(int argc, char** argv, std::string_view version) {
  std::uint16_t port = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--version") {
      std::cout << version << std::endl;
      std::exit(0);  // NOLINT(concurrency-mt-unsafe): no thread was started yet
    }
    if (std::string_view(argv[i]) == "--port" && i + 1 < argc) {
      port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
    }
  }
  // Not in labMain(), so here: thousands of clients need thousands of descriptors.
  rlimit files{};
  mux::check(::getrlimit(RLIMIT_NOFILE, &files), "getrlimit");
  files.rlim_cur = files.rlim_max;
  mux::check(::setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
  return port;
}

inline void announce(int port) {
  std::cout << "listening on 127.0.0.1:" << port << std::endl;
}

// Replies go out at once, in every server alike. Accepted sockets inherit it from the listener.
inline void noDelay(int fd) {
  const int on = 1;
  mux::check(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "setsockopt");
}

// A listening socket on 127.0.0.1, announced. `flags` for socket(2): SOCK_NONBLOCK or 0.
inline int listenOn(std::uint16_t port, int flags) {
  const int fd = mux::check(::socket(AF_INET, SOCK_STREAM | flags, 0), "socket");
  const int on = 1;
  mux::check(::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), "setsockopt");
  noDelay(fd);
  const mux::InetAddress address("127.0.0.1", port);
  mux::check(::bind(fd, address.raw(), address.size()), "bind");
  mux::check(::listen(fd, SOMAXCONN), "listen");
  announce(mux::InetAddress::localOf(fd).port());
  return fd;
}

}  // namespace bench

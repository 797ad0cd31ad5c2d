// What nearly every first try begins with; those that get this wrong do it themselves.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <string>
#include <vector>

inline int portFrom(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; i++) {
    if (std::string(argv[i]) == "--port") return std::atoi(argv[i + 1]);
  }
  return 8080;
}

inline int listenAt(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<unsigned short>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == -1) {
    perror("bind");
    std::exit(1);
  }
  listen(fd, 10);
  return fd;
}

inline int portOf(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

inline int start(int argc, char** argv) {
  const int fd = listenAt(portFrom(argc, argv));
  std::cout << "listening on 127.0.0.1:" << portOf(fd) << std::endl;
  return fd;
}

inline void makeNonBlocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

// For those whose mistake is made before the first client comes.
inline void echoForEver(int listener) {
  for (;;) {
    const int client = accept(listener, nullptr, nullptr);
    char buffer[1024];
    ssize_t n;
    while ((n = read(client, buffer, sizeof buffer)) > 0) write(client, buffer, n);
    close(client);
  }
}

#include "labs/00_readiness/scene.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "common/error.hpp"
#include "common/inet_address.hpp"

namespace lab00 {
namespace {

using mux::check;
using mux::InetAddress;
using mux::UniqueFd;

tcp_info tcpInfo(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  check(::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), "getsockopt TCP_INFO");
  return info;
}

}  // namespace

// A FIN would keep the port in TIME_WAIT for a minute: a few hundred runs, and none would be left.
Scene::~Scene() {
  for (const UniqueFd& fd : open) closeWillReset(fd.get());
}

UniqueFd tcpSocket(int flags) {
  return UniqueFd(check(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0), "socket"));
}

UniqueFd boundSocket() {
  const InetAddress anyPort("127.0.0.1", 0);
  UniqueFd fd = tcpSocket();
  check(::bind(fd.get(), anyPort.raw(), anyPort.size()), "bind 127.0.0.1:0");
  return fd;
}

UniqueFd listener(int backlog) {
  UniqueFd fd = boundSocket();
  check(::listen(fd.get(), backlog), "listen");
  return fd;
}

UniqueFd connectTo(int listener, int receiveBuffer) {
  const InetAddress address = InetAddress::localOf(listener);
  UniqueFd fd = tcpSocket();
  if (receiveBuffer != 0) setOption(fd.get(), SOL_SOCKET, SO_RCVBUF, receiveBuffer);
  check(::connect(fd.get(), address.raw(), address.size()), "connect");
  return fd;
}

Pair connectedPair(int peerReceiveBuffer) {
  const UniqueFd door = listener(1);
  UniqueFd peer = connectTo(door.get(), peerReceiveBuffer);
  UniqueFd ours(check(::accept4(door.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept4"));
  awaitTcpState(ours.get(), TCP_ESTABLISHED);
  return {std::move(ours), std::move(peer)};
}

void setOption(int fd, int level, int option, int value) {
  check(::setsockopt(fd, level, option, &value, sizeof value), "setsockopt");
}

bool closeWillReset(int fd) {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  return ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard) == 0;
}

void sendBytes(int fd, std::size_t count, int flags) {
  const std::string bytes(count, 'x');
  check(static_cast<int>(::send(fd, bytes.data(), count, flags | MSG_NOSIGNAL)), "send");
}

int tcpState(int fd) {
  return tcpInfo(fd).tcpi_state;
}

unsigned waitingConnections(int listener) {
  return tcpInfo(listener).tcpi_unacked;  // for a listener, this field counts the accept queue
}

void await(const char* what, const std::function<bool()>& reached) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!reached()) {
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error(std::string("waited 10 s in vain: ") + what);
    }
    std::this_thread::yield();  // loopback delivers at once, or nearly: not worth sleeping
  }
}

void awaitTcpState(int fd, int state) {
  await("TCP state", [&] { return tcpState(fd) == state; });
}

void awaitUnread(int fd, int bytes) {
  await("bytes to arrive", [&] {
    int unread = 0;
    check(::ioctl(fd, FIONREAD, &unread), "ioctl FIONREAD");
    return unread == bytes;
  });
}

}  // namespace lab00

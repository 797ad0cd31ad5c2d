// TCP before there is a connection: listening and connecting.
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <cerrno>

#include "common/error.hpp"
#include "common/inet_address.hpp"
#include "labs/00_readiness/states.hpp"

namespace lab00 {
namespace {

using mux::check;
using mux::InetAddress;
using mux::UniqueFd;

Scene listening() {
  return sceneOf(listener(SOMAXCONN));
}

// A connection enters the accept queue a moment before the listener's wake-up is sent. A witness
// that sleeps in an epoll instance of its own proves that the wake-up is over as well.
Scene listeningWithClient() {
  UniqueFd door = listener(SOMAXCONN);
  const UniqueFd witness(check(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1"));
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {}};
  check(::epoll_ctl(witness.get(), EPOLL_CTL_ADD, door.get(), &event), "epoll_ctl");
  UniqueFd client = connectTo(door.get());
  await("the listener's wake-up",
        [&] { return check(::epoll_wait(witness.get(), &event, 1, 100), "epoll_wait") == 1; });
  return sceneOf(std::move(door), std::move(client));
}

UniqueFd startConnecting(int bound) {
  const InetAddress address = InetAddress::localOf(bound);
  UniqueFd fd = tcpSocket(SOCK_NONBLOCK);
  if (::connect(fd.get(), address.raw(), address.size()) == -1 && errno != EINPROGRESS) {
    mux::throwErrno("connect");
  }
  return fd;
}

Scene unconnected() {
  return sceneOf(tcpSocket());
}

// A full accept queue makes the kernel drop further SYNs, so the next connect stays in progress.
// `listen(fd, 0)` leaves room for one: a queue counts as full when it is longer than its limit.
Scene connecting() {
  UniqueFd door = listener(0);
  UniqueFd first = connectTo(door.get());
  await("a full accept queue", [&] { return waitingConnections(door.get()) > 0; });
  UniqueFd second = startConnecting(door.get());
  awaitTcpState(second.get(), TCP_SYN_SENT);
  return sceneOf(std::move(second), std::move(first), std::move(door));
}

Scene connected() {
  UniqueFd door = listener(1);
  UniqueFd client = startConnecting(door.get());
  awaitTcpState(client.get(), TCP_ESTABLISHED);
  return sceneOf(std::move(client), std::move(door));
}

// A port that is bound but not listening refuses for certain, and nobody else can take it.
Scene refused() {
  UniqueFd nobody = boundSocket();
  UniqueFd client = startConnecting(nobody.get());
  awaitTcpState(client.get(), TCP_CLOSE);
  return sceneOf(std::move(client), std::move(nobody));
}

}  // namespace

Group connectingStates() {
  return {
      "TCP sockets that listen or connect",
      {
          {"listening", "a listener that nobody has connected to",
           "accept would block. A listener is never ready to write.", listening},
          {"listening-client", "a listener with a connection waiting",
           "accept would not block: that is what IN means on a listener (accept(2)).",
           listeningWithClient},
          {"unconnected", "a new socket, connect not called yet",
           "HUP, although nobody has hung up: a socket in state CLOSE is closed in both "
           "directions. Put it into epoll after connect has been called, not before.",
           unconnected},
          {"connecting", "a non-blocking connect in progress (SYN sent)",
           "No answer from the other side yet: wait for OUT (connect(2), EINPROGRESS).",
           connecting},
          {"connected", "a non-blocking connect that went well",
           "OUT says that connect is over, not how it ended: getsockopt(SO_ERROR) does, once "
           "(connect(2), EINPROGRESS). Here it is 0.",
           connected},
          {"refused", "a non-blocking connect that was refused",
           "OUT again, for the same reason, and ERR because ECONNREFUSED waits in SO_ERROR. Like "
           "after a RST, both directions are shut, hence HUP, RDHUP and IN.",
           refused},
      },
  };
}

}  // namespace lab00

// A scene is one state set up for real: the descriptor to ask about, and all that keeps it so.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "common/unique_fd.hpp"

namespace lab00 {

struct Scene {
  int watched = -1;                 // borrowed from `open`, except where the state is "closed"
  std::vector<mux::UniqueFd> open;  // the descriptor, its peer, and whoever else takes part
  std::function<void()> meanwhile;  // what happens between epoll's two waits, if anything
  bool oneShot = false;             // register with EPOLLONESHOT …
  bool rearmed = false;             // … and re-arm with EPOLL_CTL_MOD between the two waits

  Scene() = default;
  Scene(Scene&&) = default;
  ~Scene();  // leaves no port in TIME_WAIT
};

// A scene about `watched` in which all the others stay open too.
template <class... Fds>
Scene sceneOf(mux::UniqueFd watched, Fds... others) {
  Scene scene;
  scene.watched = watched.get();
  scene.open.push_back(std::move(watched));
  (scene.open.push_back(std::move(others)), ...);
  return scene;
}

// Tools for TCP over the loopback interface. Every await… returns when the kernel itself says that
// the state is reached, and throws std::runtime_error after ten seconds without that. Their last
// call takes the socket's lock, so the wake-up that belongs to the state is over too: one that came
// late would be an edge nobody asked for.

struct Pair {
  mux::UniqueFd ours;  // an accepted connection, as a server has it
  mux::UniqueFd peer;  // the client at its other end
};

mux::UniqueFd tcpSocket(int flags = 0);
mux::UniqueFd boundSocket();  // bound to a port that the kernel chose, not listening
mux::UniqueFd listener(int backlog);
// 0 for a receive buffer of the usual size, otherwise bytes: it must be known before the handshake,
// which announces it to the other end.
mux::UniqueFd connectTo(int listener, int receiveBuffer = 0);
Pair connectedPair(int peerReceiveBuffer = 0);

void setOption(int fd, int level, int option, int value);
bool closeWillReset(int fd);  // from now on close(2) sends RST, not FIN; false if that is no socket
void sendBytes(int fd, std::size_t count, int flags = 0);

int tcpState(int fd);                       // TCP_ESTABLISHED … as in <netinet/tcp.h>
unsigned waitingConnections(int listener);  // finished handshakes that nobody has accepted
void await(const char* what, const std::function<bool()>& reached);
void awaitTcpState(int fd, int state);
void awaitUnread(int fd, int bytes);

}  // namespace lab00

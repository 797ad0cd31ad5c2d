// A connected TCP socket: is there room to send?
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>

#include <array>
#include <cerrno>

#include "common/error.hpp"
#include "labs/00_readiness/states.hpp"

namespace lab00 {
namespace {

constexpr int kSendBuffer = 64 * 1024;  // bytes; see fullPair()
constexpr int kPeerBuffer = 4 * 1024;   // bytes; see fullPair()

// Sends until the kernel takes no more. It stays so: OUT needs a third of our buffer to be free,
// and the peer's whole buffer is too small to take that much over later.
Pair fullPair() {
  Pair tcp = connectedPair(kPeerBuffer);
  setOption(tcp.ours.get(), SOL_SOCKET, SO_SNDBUF, kSendBuffer);
  const std::array<char, 4096> chunk{};
  while (::send(tcp.ours.get(), chunk.data(), chunk.size(), MSG_DONTWAIT | MSG_NOSIGNAL) != -1) {
  }
  if (errno != EAGAIN) mux::throwErrno("send");
  return tcp;
}

// The peer reads until everything of ours has been acknowledged.
void drain(int ours, int peer) {
  await("an empty send queue", [&] {
    std::array<char, 4096> chunk;
    while (::recv(peer, chunk.data(), chunk.size(), MSG_DONTWAIT) > 0) {
    }
    int unacknowledged = 0;
    mux::check(::ioctl(ours, SIOCOUTQ, &unacknowledged), "ioctl SIOCOUTQ");
    return unacknowledged == 0;
  });
  awaitTcpState(ours, TCP_ESTABLISHED);  // SIOCOUTQ takes no lock: see await…() in scene.hpp
}

Scene full() {
  Pair tcp = fullPair();
  return sceneOf(std::move(tcp.ours), std::move(tcp.peer));
}

Scene drained() {
  Pair tcp = fullPair();
  drain(tcp.ours.get(), tcp.peer.get());
  return sceneOf(std::move(tcp.ours), std::move(tcp.peer));
}

Scene drainedMeanwhile() {
  Pair tcp = fullPair();
  const int ours = tcp.ours.get();
  const int peer = tcp.peer.get();
  Scene scene = sceneOf(std::move(tcp.ours), std::move(tcp.peer));
  scene.meanwhile = [ours, peer] { drain(ours, peer); };
  return scene;
}

}  // namespace

Group writingStates() {
  return {
      "A connected TCP socket: writing",
      {
          {"send-full", "we sent until EAGAIN, the peer reads nothing",
           "A send would block. OUT comes back only when at least a third of the send buffer is "
           "free, so that a server is not woken for every few bytes (sk_stream_is_writeable).",
           full},
          {"send-drained", "the same, then the peer has read everything",
           "There is room again. Edge-triggered epoll was asked for the first time only now, and "
           "a new registration reports what is ready at that moment.",
           drained},
          {"send-drains-between", "full at first; the peer reads between the two waits",
           "select, poll and the first epoll wait see a full buffer. The room that appears is the "
           "edge: this is how an edge-triggered server goes on after EAGAIN.",
           drainedMeanwhile},
      },
  };
}

}  // namespace lab00

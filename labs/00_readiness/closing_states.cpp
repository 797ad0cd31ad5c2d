// A connected TCP socket: who has stopped talking?
#include <netinet/tcp.h>

#include "common/error.hpp"
#include "labs/00_readiness/states.hpp"

namespace lab00 {
namespace {

constexpr std::size_t kBytes = 10;

void shutDownWriting(int fd) {
  mux::check(::shutdown(fd, SHUT_WR), "shutdown");
}

Scene halfClosed() {
  Pair tcp = connectedPair();
  shutDownWriting(tcp.peer.get());
  awaitTcpState(tcp.ours.get(), TCP_CLOSE_WAIT);
  return sceneOf(std::move(tcp.ours), std::move(tcp.peer));
}

Scene halfClosedWithData() {
  Pair tcp = connectedPair();
  sendBytes(tcp.peer.get(), kBytes);
  shutDownWriting(tcp.peer.get());
  awaitUnread(tcp.ours.get(), kBytes);
  awaitTcpState(tcp.ours.get(), TCP_CLOSE_WAIT);
  return sceneOf(std::move(tcp.ours), std::move(tcp.peer));
}

Scene peerClosed() {
  Pair tcp = connectedPair();
  tcp.peer.reset();
  awaitTcpState(tcp.ours.get(), TCP_CLOSE_WAIT);
  return sceneOf(std::move(tcp.ours));
}

Scene ownShutdown() {
  Pair tcp = connectedPair();
  shutDownWriting(tcp.ours.get());
  awaitTcpState(tcp.ours.get(), TCP_FIN_WAIT2);  // the peer's kernel has acknowledged our FIN
  return sceneOf(std::move(tcp.ours), std::move(tcp.peer));
}

Scene bothShut() {
  Pair tcp = connectedPair();
  shutDownWriting(tcp.peer.get());
  awaitTcpState(tcp.ours.get(), TCP_CLOSE_WAIT);
  shutDownWriting(tcp.ours.get());
  awaitTcpState(tcp.ours.get(), TCP_CLOSE);
  return sceneOf(std::move(tcp.ours), std::move(tcp.peer));
}

Scene reset() {
  Pair tcp = connectedPair();
  closeWillReset(tcp.peer.get());
  tcp.peer.reset();
  awaitTcpState(tcp.ours.get(), TCP_CLOSE);
  return sceneOf(std::move(tcp.ours));
}

}  // namespace

Group closingStates() {
  return {
      "A connected TCP socket: closing",
      {
          {"half-closed", "the peer called shutdown(SHUT_WR), nothing is unread",
           "recv would return 0 at once, and at once is all that IN promises. RDHUP says why. Our "
           "own direction still works, so this is no HUP: an answer can still be sent.",
           halfClosed},
          {"half-closed-data", "the same, with 10 bytes still unread",
           "The same bits: they cannot tell data from the end, only recv can. A server that closes "
           "as soon as it sees RDHUP loses these 10 bytes.",
           halfClosedWithData},
          {"peer-closed", "the peer called close()",
           "With nothing left unread, close sends the same FIN as shutdown, so it looks the same. "
           "That "
           "nobody is there any more shows when we send something and a RST comes back.",
           peerClosed},
          {"own-shutdown", "we called shutdown(SHUT_WR) ourselves",
           "A send would fail with EPIPE, at once, and OUT means \"would not block\", not \"would "
           "succeed\". The peer may still send, so there is no HUP.",
           ownShutdown},
          {"both-shut", "both sides called shutdown(SHUT_WR)",
           "HUP on a TCP socket means that both directions are shut, whoever shut them; epoll and "
           "poll report it unasked (tcp_poll in the kernel).",
           bothShut},
          {"reset", "the peer sent RST",
           "Both directions are dead and ECONNRESET waits for the next call: everything at once, "
           "since no call would block. select has no set for errors: it says read and write.",
           reset},
      },
  };
}

}  // namespace lab00

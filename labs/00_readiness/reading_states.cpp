// A connected TCP socket: what has arrived?
#include <netinet/tcp.h>

#include "labs/00_readiness/states.hpp"

namespace lab00 {
namespace {

constexpr std::size_t kBytes = 10;  // what the peer sends

Scene idle() {
  Pair tcp = connectedPair();
  return sceneOf(std::move(tcp.ours), std::move(tcp.peer));
}

Scene data() {
  Pair tcp = connectedPair();
  sendBytes(tcp.peer.get(), kBytes);
  awaitUnread(tcp.ours.get(), kBytes);
  return sceneOf(std::move(tcp.ours), std::move(tcp.peer));
}

Scene belowLowWater() {
  Pair tcp = connectedPair();
  setOption(tcp.ours.get(), SOL_SOCKET, SO_RCVLOWAT, 10 * kBytes);
  sendBytes(tcp.peer.get(), kBytes);
  awaitUnread(tcp.ours.get(), kBytes);
  return sceneOf(std::move(tcp.ours), std::move(tcp.peer));
}

Scene urgent() {
  Pair tcp = connectedPair();
  sendBytes(tcp.peer.get(), 1, MSG_OOB);
  await("the urgent byte", [&] {
    char byte;
    return ::recv(tcp.ours.get(), &byte, 1, MSG_OOB | MSG_PEEK | MSG_DONTWAIT) == 1;
  });
  return sceneOf(std::move(tcp.ours), std::move(tcp.peer));
}

}  // namespace

Group readingStates() {
  return {
      "A connected TCP socket: reading",
      {
          {"idle", "nothing has happened yet",
           "Nothing to read, but room to send: a socket is ready to write nearly all the time, so "
           "a server asks for OUT only while it has something left to send.",
           idle},
          {"data", "the peer has sent 10 bytes",
           "recv would not block. Level-triggered epoll says so until the bytes are read; "
           "edge-triggered epoll has said so once and keeps quiet (epoll(7)).",
           data},
          {"data-below-lowat", "10 bytes have arrived, SO_RCVLOWAT is 100",
           "The socket counts as readable only when SO_RCVLOWAT bytes are there. All three "
           "mechanisms respect that since Linux 2.6.28 (socket(7)).",
           belowLowWater},
          {"urgent", "the peer has sent one byte with MSG_OOB",
           "The urgent byte is kept out of the stream, so there is nothing to recv and no IN. PRI "
           "announces it, and select's third set means just that, not \"error\" (poll(2), tcp(7)).",
           urgent},
      },
  };
}

}  // namespace lab00

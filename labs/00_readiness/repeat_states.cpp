// What makes epoll report again, and what makes it stop: the second wait is the interesting one.
#include "labs/00_readiness/states.hpp"

namespace lab00 {
namespace {

constexpr std::size_t kBytes = 10;

Scene withData() {
  Pair tcp = connectedPair();
  sendBytes(tcp.peer.get(), kBytes);
  awaitUnread(tcp.ours.get(), kBytes);
  return sceneOf(std::move(tcp.ours), std::move(tcp.peer));
}

Scene moreData() {
  Scene scene = withData();
  const int ours = scene.watched;
  const int peer = scene.open.back().get();
  scene.meanwhile = [ours, peer] {
    sendBytes(peer, kBytes);
    awaitUnread(ours, 2 * kBytes);
  };
  return scene;
}

Scene oneShot() {
  Scene scene = withData();
  scene.oneShot = true;
  return scene;
}

Scene oneShotRearmed() {
  Scene scene = oneShot();
  scene.rearmed = true;
  return scene;
}

}  // namespace

Group repeatStates() {
  return {
      "epoll's second wait",
      {
          {"more-data", "10 bytes; 10 more arrive between the two waits",
           "An edge is an arrival, not the step from empty to not empty: edge-triggered epoll "
           "reports again although the first 10 bytes have not been read.",
           moreData},
          {"oneshot", "10 bytes, registered with EPOLLONESHOT",
           "One report switches the registration off, level- or edge-triggered; it stays in the "
           "epoll instance and says nothing until it is re-armed (epoll_ctl(2)).",
           oneShot},
          {"oneshot-rearmed", "the same, re-armed with EPOLL_CTL_MOD between the two waits",
           "EPOLL_CTL_MOD looks at the descriptor afresh, so what is still unread is reported "
           "again, even edge-triggered: nothing is lost while it is switched off.",
           oneShotRearmed},
      },
  };
}

}  // namespace lab00

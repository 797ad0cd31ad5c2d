// Lab 04: one thread, many clients, epoll(7), edge-triggered.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <vector>

#include "common/echo_connection.hpp"
#include "common/inet_address.hpp"
#include "common/options.hpp"
#include "common/socket.hpp"
#include "common/stop_event.hpp"
#include "common/unique_fd.hpp"

namespace lab04 {

// Between two waits, another edge is certain to come for each descriptor, or it stands in ready_.
class EpollServer {
 public:
  // Listens on options.address. Throws std::system_error that names what failed.
  explicit EpollServer(const mux::Options& options);

  // Any thread, or a signal handler.
  void stop() noexcept { stop_.request(); }
  mux::InetAddress address() const { return listener_.address(); }

  // Serves until stop(). Throws std::system_error if the wait fails for another reason than EINTR.
  void run();

 private:
  // Accepts clients until nobody waits, but at most kAcceptBudget: those already here have a turn
  // too. A client that the kernel has no room to watch is refused, and the server goes on.
  void acceptClients();

  // Writes and reads until both would block, or kServeBudget times. Afterwards we wait for an edge,
  // or the client is on the ready list, or it was done and is closed.
  void serve(int fd);

  // From now on waits for `events` of fd: once and for all. Returns what epoll_ctl(2) returns.
  int watch(int fd, std::uint32_t events);

  // Puts fd on the ready list, if it is not there: its turn comes without another edge.
  void markReady(int fd);

  mux::Options options_;
  mux::Listener listener_;
  mux::StopEvent stop_;
  mux::Scratch scratch_;
  mux::ConnectionTable connections_;

  mux::UniqueFd epoll_;
  std::vector<int> ready_, batch_;  // who has a turn next; who has one now
  std::vector<char> isReady_;       // by descriptor: is it on ready_? (bits would be slow)
};

}  // namespace lab04

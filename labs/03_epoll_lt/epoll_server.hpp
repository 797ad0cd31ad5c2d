// Lab 03: one thread, many clients, epoll(7), level-triggered.
#pragma once

#include <sys/epoll.h>

#include "common/echo_connection.hpp"
#include "common/inet_address.hpp"
#include "common/options.hpp"
#include "common/socket.hpp"
#include "common/stop_event.hpp"
#include "common/unique_fd.hpp"

namespace lab03 {

// Between two waits, the kernel's interest list holds exactly the descriptors that we wait for: the
// stop event, the listener, and each client with its interest().
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

  // Writes and reads once, as far as asked and wanted. Afterwards we wait for what the client wants
  // now, or it was done and is closed.
  void serve(int fd, bool readable, bool writable);

  // From now on waits for fd to become readable, writable, or both. `operation` is EPOLL_CTL_ADD
  // the first time and EPOLL_CTL_MOD then. Returns what epoll_ctl(2) returns.
  int setInterest(int operation, int fd, mux::Interest interest);

  mux::Options options_;
  mux::Listener listener_;
  mux::StopEvent stop_;
  mux::Scratch scratch_;
  mux::ConnectionTable connections_;

  mux::UniqueFd epoll_;
};

}  // namespace lab03

// Lab 02: one thread, many clients, poll(2).
#pragma once

#include <poll.h>

#include <vector>

#include "common/echo_connection.hpp"
#include "common/inet_address.hpp"
#include "common/options.hpp"
#include "common/socket.hpp"
#include "common/stop_event.hpp"

namespace lab02 {

// Between two waits, polled_ holds exactly the descriptors that we wait for, without gaps: the stop
// event, the listener, then the clients.
class PollServer {
 public:
  // Listens on options.address. Throws std::system_error that names what failed.
  explicit PollServer(const mux::Options& options);

  // Any thread, or a signal handler.
  void stop() noexcept { stop_.request(); }
  mux::InetAddress address() const { return listener_.address(); }

  // Serves until stop(). Throws std::system_error if the wait fails for another reason than EINTR.
  void run();

 private:
  // Accepts clients until nobody waits, but at most kAcceptBudget: those already here have a turn
  // too.
  void acceptClients();

  // Writes and reads once, as far as asked and wanted. Afterwards we wait for what the client wants
  // now, or it was done and is closed.
  void serve(int fd, bool readable, bool writable);

  // From now on waits for fd to become readable, writable, both, or neither: then it is taken out.
  void setInterest(int fd, mux::Interest interest);

  mux::Options options_;
  mux::Listener listener_;
  mux::StopEvent stop_;
  mux::Scratch scratch_;
  mux::ConnectionTable connections_;

  std::vector<pollfd> polled_;  // .events: what we wait for; .revents: what is ready
};

}  // namespace lab02

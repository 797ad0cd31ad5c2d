// Lab 01: one thread, many clients, select(2).
#pragma once

#include <sys/select.h>

#include "common/echo_connection.hpp"
#include "common/inet_address.hpp"
#include "common/options.hpp"
#include "common/socket.hpp"
#include "common/stop_event.hpp"

namespace lab01 {

// Between two waits, wantsRead_ and wantsWrite_ hold exactly the descriptors that we wait for, and
// highest_ is the highest of them.
class SelectServer {
 public:
  // Listens on options.address. Throws std::system_error that names what failed.
  explicit SelectServer(const mux::Options& options);

  // Any thread, or a signal handler.
  void stop() noexcept { stop_.request(); }
  mux::InetAddress address() const { return listener_.address(); }

  // Serves until stop(). Throws std::system_error if the wait fails for another reason than EINTR.
  void run();

 private:
  // Accepts clients until nobody waits, but at most kAcceptBudget: those already here have a turn
  // too. A client whose descriptor does not fit in an fd_set is refused, and the server goes on.
  void acceptClients();

  // Writes and reads once, as far as asked and wanted. Afterwards we wait for what the client wants
  // now, or it was done and is closed.
  void serve(int fd, bool readable, bool writable);

  // From now on waits for fd to become readable, writable, both, or neither: then it is taken out.
  // Throws std::runtime_error if fd does not fit in an fd_set.
  void setInterest(int fd, mux::Interest interest);

  mux::Options options_;
  mux::Listener listener_;
  mux::StopEvent stop_;
  mux::Scratch scratch_;
  mux::ConnectionTable connections_;

  fd_set wantsRead_{}, wantsWrite_{};  // as FD_ZERO would leave them
  int highest_ = 0;
};

}  // namespace lab01

// Many connections to one server: from several source addresses, because each has few ports.
#pragma once

#include <chrono>
#include <cstddef>

#include "bench/loadgen/options.hpp"
#include "common/inet_address.hpp"
#include "common/unique_fd.hpp"

namespace loadgen {

class Connector {
 public:
  explicit Connector(const Options& options);

  // A connected, non-blocking socket. Waits first, if there is a --connect-rate and it is too
  // early. Throws std::system_error that names the server.
  mux::UniqueFd connect();

 private:
  mux::InetAddress server_;
  double rate_;
  std::chrono::steady_clock::time_point begun_;
  std::size_t made_ = 0;
};

}  // namespace loadgen

// The command line that every lab program understands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "common/inet_address.hpp"

namespace mux {

struct Options {
  InetAddress address{"127.0.0.1", 8080};
  std::size_t maxClients = std::numeric_limits<std::size_t>::max();
  std::string prefix;
  std::size_t readSize =
      16 * 1024;       // bytes for one recv(2): large enough that it is rarely the limit
  int timeoutMs = -1;  // of the wait call, as poll(2) takes it: -1 is no timeout

  // Lab 05 only.
  std::size_t threads = 2;
  std::string wakeup = "eventfd";
  int broadcastEveryMs = 0;  // 0: never
};

enum class OptionSet { OneLoop, ManyLoops };  // labs 01 to 04; lab 05

// Reads the command line with getopt_long(3), and sets the log's threshold. Empty if the user asked
// for help, which is then on stdout. Throws UsageError: one line that names the option.
std::optional<Options> parseOptions(int argc, char** argv, OptionSet set);

}  // namespace mux

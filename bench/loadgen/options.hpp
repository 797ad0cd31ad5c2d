// The command line of the load generator.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace loadgen {

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;
  std::size_t connections = 50;
  std::size_t size = 64;       // bytes of a message
  std::size_t depth = 1;       // messages of one client that may be under way
  std::uint64_t messages = 0;  // of all clients together; 0: as many as fit in `duration`
  std::chrono::duration<double> duration{1};
  std::uint64_t warmUp = 0;     // messages before those that count
  double rate = 0;              // messages a second, of all together; 0: as fast as they come back
  std::size_t idle = 0;         // connections that say nothing
  std::size_t slowReaders = 0;  // that send all they can, and read kSip bytes now and then
  double connectRate = 0;       // connects a second; 0: as fast as they go
  std::uint64_t lifetime = 0;   // messages until a client leaves and another comes; 0: never
  int serverPid = 0;            // whose processor time to measure; 0: nobody's
  std::chrono::duration<double> patience{30};  // without any reply, until we give up
};

// Empty if the user asked for help, which is then on stdout. Throws mux::UsageError.
std::optional<Options> parseOptions(int argc, char** argv);

}  // namespace loadgen

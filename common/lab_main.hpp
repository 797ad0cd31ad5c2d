// main() for every lab: options, signals, the first line on stdout, and errors as one line.
#pragma once

#include <atomic>
#include <concepts>
#include <exception>
#include <iostream>

#include "common/error.hpp"
#include "common/inet_address.hpp"
#include "common/options.hpp"

namespace mux {

// What a lab's server must look like. A concept and not a base class: see docs/architecture.md.
template <class T>
concept EchoServer = requires(T server, const Options& options) {
  T(options);  // throws std::system_error if it cannot listen, UsageError for a bad option
  { server.address() } -> std::same_as<InetAddress>;
  server.run();   // serves until stop(); throws std::system_error if it cannot go on
  server.stop();  // from any thread or a signal handler, before or during run()
};

// Raises the soft limit of open files to the hard one, and opens the log while descriptors are
// left.
void prepareProcess();

// Makes `handler` answer SIGINT and SIGTERM.
void onStopSignals(void (*handler)(int));

// "listening on 127.0.0.1:8080", flushed: on a pipe stdout keeps a line to itself otherwise.
void announce(const InetAddress& address);

// Exit status: 0 after SIGINT or SIGTERM, 1 if it could not serve, 2 for a bad command line.
template <EchoServer Server>
int labMain(int argc, char** argv, OptionSet set = OptionSet::OneLoop) try {
  static std::atomic<Server*> running = nullptr;

  const std::optional<Options> options = parseOptions(argc, argv, set);
  if (!options) return 0;
  prepareProcess();
  Server server(*options);
  running = &server;
  const struct Cleared {
    ~Cleared() { running = nullptr; }  // a second Ctrl-C, while the server is destroyed
  } beforeServer;
  onStopSignals([](int) {
    if (Server* const target = running) target->stop();
  });
  announce(server.address());
  server.run();
  return 0;
} catch (const UsageError& error) {
  std::cerr << argv[0] << ": " << error.what() << " (--help lists the options)\n";
  return 2;
} catch (const std::exception& error) {
  std::cerr << argv[0] << ": " << error.what() << '\n';
  return 1;
}

}  // namespace mux
